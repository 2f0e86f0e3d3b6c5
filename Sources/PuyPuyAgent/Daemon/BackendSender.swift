internal import Logging
internal import PuyPuyBackends
internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// The sender of one configured backend, with what cuts its requests.
struct BackendSender: Sendable {
    let configuration: BackendConfiguration
    let sender: Sender
    private let interrupt = Interrupt()

    /// A sender of what `spool`, in the file at `path`, holds for `configuration`, that lets the checks
    /// of `starts` go first. Throws what keeps the backend from ever working.
    init(
        _ configuration: BackendConfiguration, spool: Spool, path: String, starts: RunStarts?
    ) throws {
        try BackendRegistry.validate(configuration)
        self.configuration = configuration
        let name = configuration.name
        var logger = Logger(label: "sender")
        logger[metadataKey: "backend"] = "\(name)"
        sender = Sender(
            name: name, policy: Delivery.Policy(configuration), logger: logger,
            othersAreFirst: { starts?.areUnderWay ?? false },
            source: { try PendingSource(backend: name, spool: spool, path: path) },
            backend: { [interrupt] in
                try BackendRegistry.makeBackend(
                    configuration, interrupt: interrupt, version: Version.current)
            })
    }

    /// The senders of the backends in `settings` that have one.
    static func all(
        _ settings: Settings, spool: Spool, starts: RunStarts? = nil
    ) throws -> [BackendSender] {
        try settings.backends.filter(\.type.hasSender).map {
            try BackendSender($0, spool: spool, path: settings.spool.path, starts: starts)
        }
    }

    /// Ends the request under way, and those that follow.
    func cut() { interrupt.raise() }
}

extension Delivery.Policy {
    /// The bounds that a configuration sets.
    init(_ configuration: BackendConfiguration) {
        self.init(
            maxBatchPoints: configuration.maxBatchPoints,
            maxPointsPerSecond: configuration.maxPointsPerSecond,
            reconnectMax: configuration.reconnectMax,
            oldestFirst: configuration.drainOrder == .oldestFirst)
    }
}
