internal import Logging
public import PuyPuyBackends
internal import PuyPuyCore
public import PuyPuySender
internal import PuyPuySpool

/// Sends retained points to one backend again. The daemon may run or not.
public struct Replay: Sendable {
    /// How far it has come.
    public let progress = HistorySource.Progress()
    /// Points in the batches that touch the time: what ``HistorySource/Progress/State/pointsSeen``
    /// grows to.
    public let pointsToRead: Int64

    private let sender: Sender
    private let interrupt = Interrupt()

    /// A replay of `selection` from the spool of `settings` to `backend`. Throws when the spool
    /// cannot be read, or the backend can never work as it is configured.
    public init(
        _ selection: HistorySource.Selection, to backend: BackendConfiguration, settings: Settings
    ) throws {
        try BackendRegistry.validate(backend)
        let path = settings.spool.path
        pointsToRead = try SpoolReader(path: path).pointsInHistory(
            fromNs: selection.fromNs, toNs: selection.toNs)
        // Whoever started the replay is shown its trouble; the log needs no second account of it.
        var logger = Logger(label: "replay")
        logger.logLevel = .critical
        var policy = Delivery.Policy(backend)
        policy.oldestFirst = true
        sender = Sender(
            name: backend.name, policy: policy, logger: logger,
            source: { [progress] in
                try HistorySource(path: path, selection: selection, progress: progress)
            },
            backend: { [interrupt] in
                try BackendRegistry.makeBackend(
                    backend, interrupt: interrupt, version: Version.current)
            })
    }

    /// Why requests fail at the moment; `nil` while they are accepted.
    public var trouble: String? { sender.board.current.condition.reason }

    /// Sends everything that is selected. Retries for as long as it takes; throws when the backend
    /// takes nothing until somebody changes something.
    public func run() async throws { try await sender.run(untilIdle: true) }

    /// Ends ``run()`` soon, in the middle.
    public func stop() {
        interrupt.raise()
        sender.finish()
    }
}
