internal import Logging
internal import PuyPuyBackends
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool
internal import ServiceLifecycle

/// The senders of all backends. At the end each tries a last delivery, all at the same time.
struct SendersService: Service {
    let senders: [Sender]
    let interrupt = Interrupt()
    private let spool: Spool
    private let patience: Duration

    /// Senders for the backends of `settings` that have one. Throws what keeps a backend from ever
    /// working.
    init(_ settings: Settings, spool: Spool) throws {
        self.spool = spool
        patience = settings.shutdownTime / 2
        let path = settings.spool.path
        var senders: [Sender] = []
        for configuration in settings.backends where configuration.type.hasSender {
            try BackendRegistry.validate(configuration)
            let name = configuration.name
            var logger = Logger(label: "sender")
            logger[metadataKey: "backend"] = "\(name)"
            senders.append(
                Sender(
                    name: name, policy: Delivery.Policy(configuration), logger: logger,
                    source: { try PendingSource(backend: name, spool: spool, path: path) },
                    backend: { [interrupt] in
                        try BackendRegistry.makeBackend(
                            configuration, interrupt: interrupt, version: Version.current)
                    }))
        }
        self.senders = senders
    }

    /// The status of each sender.
    var boards: [SenderBoard] { senders.map(\.board) }

    func run() async throws {
        for sender in senders { await spool.subscribe { sender.wake() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in senders { group.addTask { try await sender.run() } }
            group.addTask {
                try? await gracefulShutdown()
                for sender in senders { sender.finish() }
                try? await Task.sleep(for: patience)
                interrupt.raise()
            }
            // Every sender, and the one that ends them when they do not end by themselves.
            for _ in 0..<senders.count { try await group.next() }
            if senders.isEmpty { try? await gracefulShutdown() }
            group.cancelAll()
        }
    }
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
