internal import Glibc
internal import Logging
internal import PuyPuyBackends
public import PuyPuySpool

/// What commands see of the backends and do with them: through the daemon while it runs, else on the
/// spool itself.
public struct BackendControl: Sendable {
    /// How long a daemon may take between taking the spool's lock and listening, or between closing
    /// its socket and giving up the lock.
    private static let patience = Duration.seconds(10)

    private let settings: Settings
    private let client: ControlClient
    private let logger: Logger

    /// The backends of the daemon that `settings` describe.
    public init(_ settings: Settings) {
        self.settings = settings
        client = ControlClient(spoolPath: settings.spool.path)
        logger = Logger(label: "backend")
    }

    /// The backends, and why the daemon did not tell of them.
    public struct Overview: Sendable {
        /// Those that are configured, and those that were.
        public var backends: [BackendStatus]
        /// `nil` when the daemon told; else why it did not, as a clause.
        public var withoutDaemon: String?
    }

    /// Every backend, from the daemon, or from the spool's file when the daemon gives no answer.
    public func overview() throws(SpoolError) -> Overview {
        do {
            return Overview(backends: try client.backends(), withoutDaemon: nil)
        } catch {
            return Overview(backends: try stored(), withoutDaemon: error.description)
        }
    }

    /// Lets the sender of `name` try now. Throws when no daemon runs, or none has this name.
    public func retry(_ name: String) throws(ControlError) { try client.retry(name) }

    /// Forgets a backend that is configured no more; returns its books as they were. Durable when it
    /// returns.
    ///
    /// Without a daemon it takes the spool's lock. Throws a ``ControlError`` or a ``SpoolError`` for
    /// a backend that is configured or unknown, and when neither the daemon nor the lock can be had.
    public func forget(_ name: String) async throws -> Ledger {
        guard !settings.backends.contains(where: { $0.name == name }) else {
            throw ControlError.refused(
                "cannot forget backend \(name): it is configured; remove its section from the"
                    + " configuration first, and restart the daemon")
        }
        return try await throughDaemonOrLock { client throws(ControlError) in
            try client.forget(name)
        } stored: { spool in
            try await spool.forget(name)
        }
    }

    /// Where the spool is.
    var spoolPath: String { settings.spool.path }
    /// What is configured.
    var destinations: [SpoolBackend] { settings.destinations }

    /// Lets the daemon do something, or does it on the spool itself, with its lock, when no daemon
    /// runs. Without a spool it throws, unless `makesSpool`.
    func throughDaemonOrLock<Result>(
        makesSpool: Bool = false, _ ask: (ControlClient) throws(ControlError) -> Result,
        stored change: (Spool) async throws -> Result
    ) async throws -> Result {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do throws(ControlError) {
                return try ask(client)
            } catch {
                guard case .noDaemon = error else { throw error }
            }
            do {
                return try await withSpool(mayBeMade: makesSpool, change)
            } catch let error as SpoolError {
                guard error.kind == .locked, ContinuousClock.now < deadline else { throw error }
                // The daemon is about to listen, or to end.
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func withSpool<Result>(
        mayBeMade: Bool, _ change: (Spool) async throws -> Result
    ) async throws -> Result {
        if !mayBeMade { _ = try SpoolReader(path: settings.spool.path) }
        let spool = try Spool(settings.spool, logger: logger)
        do {
            let result = try await change(spool)
            await spool.close()
            return result
        } catch {
            await spool.close()
            throw error
        }
    }

    private func stored() throws(SpoolError) -> [BackendStatus] {
        let path = settings.spool.path
        let books = access(path, F_OK) == 0 ? try SpoolReader(path: path).books() : []
        let configured = settings.backends
        let known = books.map { summary in
            BackendStatus(
                summary, isConfigured: configured.contains { $0.name == summary.name })
        }
        let new = configured.filter { backend in !known.contains { $0.name == backend.name } }
        return known + new.map { BackendStatus($0) }
    }
}
