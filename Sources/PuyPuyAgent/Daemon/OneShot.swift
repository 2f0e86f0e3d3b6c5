internal import Logging
internal import PuyPuyBackends
internal import PuyPuyChecks
public import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// One collection outside the daemon: `puypuy once`.
public struct OneShot: Sendable {
    private let settings: Settings
    private let spool: Spool?

    /// What became of the points at one backend.
    public struct Delivered: Sendable {
        /// The backend's name.
        public let backend: String
        /// Points that it confirmed, those of before included.
        public let delivered: Int
        /// Points that it refused for good.
        public let dead: Int
        /// Why the rest waits in the spool; `nil` when nothing does.
        public let trouble: String?
    }

    /// A collection as `settings` say. One that `sends` opens the spool, and throws when a daemon has it:
    /// that sends by itself.
    public init(_ settings: Settings, sends: Bool) throws {
        self.settings = settings
        spool = sends ? try Spool(settings.spool, logger: Logger(label: "spool")) : nil
    }

    /// Runs every check once, or twice with `pause` in between, and stores nothing. Rates continue
    /// from the spool's state when there is one.
    public func collect(twiceWithPause pause: Duration?) async throws -> (CheckSet, [Run]) {
        let set = CheckSet.make(settings, logger: Logger(label: "script"))
        let states = (try? SpoolReader(path: settings.spool.path).rateStates()) ?? [:]
        let runs = try await Scheduler.collectOnce(
            set.checks, baseTags: set.baseTags, twiceWithPause: pause, rateStates: states)
        return (set, runs)
    }

    /// Commits `runs` to the spool and sends what is pending, at most for `patience` a backend. For a
    /// collection that sends, once. Throws, after sending, when the spool could not take all of `runs`.
    public func send(_ runs: [Run], patience: Duration) async throws -> [Delivered] {
        guard let spool else { preconditionFailure("this collection does not send") }
        try await spool.configure(settings.backends.map(SpoolBackend.init))
        var hasDropped = false
        for run in runs where await spool.append(run) == .dropped { hasDropped = true }
        let backends = try BackendSender.all(settings, spool: spool)
        let results = await deliver(with: backends, patience: patience)
        _ = await spool.maintain()
        let trouble = await spool.trouble
        if await spool.close() > 0 || hasDropped {
            throw DaemonError(
                operation: "cannot keep the points in", subject: settings.spool.path,
                cause: trouble?.cause ?? "unknown",
                hint: trouble?.hint ?? "they are lost; what was pending before is not")
        }
        return results
    }

    /// Sends what is pending to each of `backends`, at most for `patience`.
    private func deliver(
        with backends: [BackendSender], patience: Duration
    ) async -> [Delivered] {
        await withTaskGroup(of: Delivered?.self) { group in
            for backend in backends {
                group.addTask {
                    var trouble: String?
                    do {
                        try await backend.sender.run(untilIdle: true)
                    } catch {
                        trouble = "\(error)"
                    }
                    let status = backend.sender.board.current
                    return Delivered(
                        backend: status.backend, delivered: status.delivered, dead: status.dead,
                        trouble: trouble ?? status.condition.reason)
                }
            }
            group.addTask {
                try? await Task.sleep(for: patience)
                for backend in backends {
                    backend.sender.finish()
                    backend.cut()
                }
                return nil
            }
            var results: [Delivered] = []
            while results.count < backends.count, let result = await group.next() {
                if let result { results.append(result) }
            }
            group.cancelAll()
            return results
        }
    }
}
