internal import PuyPuyBackends
internal import PuyPuyChecks
internal import PuyPuySender
internal import PuyPuySpool
internal import ServiceLifecycle

/// The senders of all backends, which come and go with the configuration. At the end each tries a
/// last delivery, all at the same time.
actor SendersService: Service {
    /// The senders at the moment.
    nonisolated let roster: SenderRoster

    private let spool: Spool
    private let path: String
    private let patience: Duration
    /// The sender of each backend, in the order of the configuration.
    private var lives: [Life] = []
    private let arrivals: AsyncStream<Life>
    private let arrival: AsyncStream<Life>.Continuation

    /// A sender from its beginning to its end.
    private struct Life: Sendable {
        let backend: BackendSender
        /// Ends with the sender; one other waits for it.
        let end: AsyncStream<Void>
        let ended: AsyncStream<Void>.Continuation
        /// The end of the sender that delivered to the same backend before.
        let predecessorEnd: AsyncStream<Void>?

        init(_ backend: BackendSender, after predecessor: Life? = nil) {
            self.backend = backend
            (end, ended) = AsyncStream.makeStream()
            predecessorEnd = predecessor?.end
        }
    }

    /// Senders for the backends of `settings` that have one; they let the checks of `starts` go first.
    /// Throws what keeps a backend from ever working.
    init(_ settings: Settings, spool: Spool, starts: RunStarts) throws {
        self.spool = spool
        path = settings.spool.path
        patience = settings.shutdownTime / 2
        let backends = try BackendSender.all(settings, spool: spool, starts: starts)
        roster = SenderRoster(backends.map(\.sender))
        (arrivals, arrival) = AsyncStream.makeStream()
        lives = backends.map { Life($0) }
        for life in lives { arrival.yield(life) }
    }

    /// Delivers until the services end.
    func run() async throws {
        await spool.subscribe { [roster] in roster.wake() }
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                var count = 0
                for await life in arrivals {
                    group.addTask { await self.deliver(life) }
                    count += 1
                }
                for life in lives { life.backend.sender.finish() }
                group.addTask { [lives, patience] in
                    try? await Task.sleep(for: patience)
                    for life in lives { life.backend.cut() }
                }
                // Every sender there was, and the one that cuts those that do not end by themselves.
                for _ in 0..<count { await group.next() }
                group.cancelAll()
            }
        } onGracefulShutdown: { [arrival] in
            arrival.finish()
        }
    }

    /// Delivers to `wanted` from now on, of which each can work: ``BackendSender/init(_:spool:path:)``.
    ///
    /// A sender whose backend is configured as before goes on undisturbed. One that is to end makes a
    /// last attempt; the one that follows it begins when it has ended, and delivers what is pending
    /// then. The spool knows the backends already.
    func change(to wanted: [BackendSender]) {
        var next: [Life] = []
        for backend in wanted {
            let name = backend.configuration.name
            let before = lives.first { $0.backend.configuration.name == name }
            if let before, before.backend.configuration == backend.configuration {
                next.append(before)
                continue
            }
            let life = Life(backend, after: before)
            next.append(life)
            arrival.yield(life)
        }
        let staying = Set(next.map { ObjectIdentifier($0.backend.sender) })
        for life in lives where !staying.contains(ObjectIdentifier(life.backend.sender)) {
            retire(life)
        }
        lives = next
        roster.replace(next.map(\.backend.sender))
    }

    private func deliver(_ life: Life) async {
        if let end = life.predecessorEnd {
            for await _ in end {}
        }
        try? await life.backend.sender.run()
        life.ended.finish()
    }

    private func retire(_ life: Life) {
        life.backend.sender.finish()
        Task { [patience] in
            try? await Task.sleep(for: patience)
            life.backend.cut()
        }
    }
}
