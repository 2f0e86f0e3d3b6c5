public import Glibc
public import PuyPuySpool

/// The daemon of a configuration, as other processes find it, and what is left of one that is gone.
public struct DaemonProcess: Sendable {
    /// How long a process may take to be gone after it has given up the spool.
    private static let lastMoment = Duration.seconds(2)
    /// How often a process that ends is looked at.
    private static let period = Duration.milliseconds(50)

    private let settings: Settings

    /// The daemon that `settings` describe.
    public init(_ settings: Settings) { self.settings = settings }

    /// Its process id; `nil` when none runs.
    ///
    /// The lock of the spool tells, which no process keeps beyond its end. A command that changes the
    /// spool without a daemon has it for a moment, too. Throws when this user may not know.
    public func id() throws(SpoolError) -> pid_t? {
        try SpoolHolder.process(ofSpoolAt: settings.spool.path)
    }

    /// What is wrong with pid_file while no daemon runs, in words; `nil` when there is none.
    public func staleFile() -> String? {
        guard let path = settings.pidFile, access(path, F_OK) == 0 else { return nil }
        guard let process = PidFile.read(path) else { return "\(path) holds no process id" }
        let isThere = kill(process, 0) == 0 || errno == EPERM
        return isThere
            ? "\(path) is stale: process \(process) is another program"
            : "\(path) is stale: process \(process) is gone"
    }

    /// Lets the daemon read its configuration anew, and tells what came of it. Blocks. Throws when
    /// none runs, or it does not answer.
    public func reload() throws(ControlError) -> ReloadResult {
        try ControlClient(spoolPath: settings.spool.path).reload()
    }

    /// How the end of a daemon went.
    public enum End: Sendable, Hashable {
        /// It is gone.
        case ended
        /// It still runs after so long.
        case stillRuns(Duration)
        /// The signal could not be sent, in the system's words.
        case refused(String)
    }

    /// Sends SIGTERM to `process`, and waits for its end: at most `shutdown_seconds` and ten more.
    public func stop(_ process: pid_t) async throws -> End {
        guard kill(process, SIGTERM) == 0 || errno == ESRCH else {
            return .refused(String(cString: strerror(errno)).lowercased())
        }
        let patience = settings.shutdownTime + .seconds(10)
        let start = ContinuousClock.now
        while try id() == process {
            if start.duration(to: .now) > patience { return .stillRuns(patience) }
            try await Task.sleep(for: Self.period)
        }
        // It has given up the spool. One that nobody waits for stays as a zombie.
        let released = ContinuousClock.now
        while kill(process, 0) == 0 && released.duration(to: .now) < Self.lastMoment {
            try await Task.sleep(for: Self.period)
        }
        return .ended
    }
}
