public import Glibc
internal import Synchronization

/// A process of a test, that does not outlive the test process however that ends.
///
/// A shell watches a socket whose other end only the test process holds. When the test process goes
/// without saying goodbye, the shell reads its end, kills the child and removes its
/// directory. (`PR_SET_PDEATHSIG` would not do: it fires when the *thread* that started the child
/// ends, and threads of the shared pool end when they have been idle for a while.)
public final class ChildProcess: Sendable {
    /// The process id.
    public let pid: pid_t

    private struct State {
        var exitStatus: Int32?
        var watchdog: pid_t
        var leash: Int32
    }
    private let state: Mutex<State>

    /// Starts `executable` with `arguments`; its output is appended to the file `log`.
    ///
    /// `directory` is removed by the watchdog when the test process dies.
    public init(
        _ executable: String, _ arguments: [String], log: String = "/dev/null",
        directory: String? = nil
    ) throws(TestSupportError) {
        pid = try ChildProcess.spawn([executable] + arguments, stdin: nil, log: log)
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            _ = Glibc.kill(pid, SIGKILL)
            throw TestSupportError("socketpair: \(systemWords())")
        }
        let script = "read -r word || { kill -KILL \"$1\"; sleep 0.2; rm -rf \"$2\"; }"
        let watchdog = try ChildProcess.spawn(
            ["/bin/sh", "-c", script, "watchdog", "\(pid)", directory ?? ""],
            stdin: ends[0], log: "/dev/null")
        close(ends[0])
        state = Mutex(State(exitStatus: nil, watchdog: watchdog, leash: ends[1]))
    }

    deinit { kill() }

    /// Whether it has not ended yet.
    public var isRunning: Bool { reap(WNOHANG) == nil }

    /// The exit code, or 128 and the number of the signal that ended it, as shells have it; `nil`
    /// while it runs.
    public var exitCode: Int32? {
        reap(WNOHANG).map { status in
            status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
        }
    }

    /// Sends `signal`, unless the process has ended.
    public func signal(_ signal: Int32) {
        state.withLock { state in
            if state.exitStatus == nil { _ = Glibc.kill(pid, signal) }
        }
    }

    /// Kills the process (SIGKILL) and waits for its end.
    public func kill() {
        signal(SIGKILL)
        _ = reap(0)
    }

    /// Waits for the end of the process; false when `deadline` passed first.
    public func waitForEnd(within deadline: Duration) -> Bool {
        eventually(within: deadline) { !isRunning }
    }

    @discardableResult
    private func reap(_ options: Int32) -> Int32? {
        state.withLock { state -> Int32? in
            if let known = state.exitStatus { return known }
            var status: Int32 = 0
            var result: pid_t
            repeat { result = waitpid(pid, &status, options) } while result < 0 && errno == EINTR
            guard result != 0 else { return nil }
            state.exitStatus = status
            send(state.leash, "x\n", 2, Int32(MSG_NOSIGNAL))
            close(state.leash)
            var ignored: Int32 = 0
            while waitpid(state.watchdog, &ignored, 0) < 0 && errno == EINTR {}
            return status
        }
    }

    /// In a process group of its own, so that a terminal's Ctrl-C leaves the end to the watchdog.
    private static func spawn(
        _ words: [String], stdin: Int32?, log: String
    ) throws(TestSupportError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let stdin {
            posix_spawn_file_actions_adddup2(&actions, stdin, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(
            &actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let result = startingChildren.withLock { _ in
            posix_spawnp(&pid, words[0], &actions, &attributes, arguments, environ)
        }
        guard result == 0 else {
            throw TestSupportError("start \(words[0]): \(systemWords(result))")
        }
        return pid
    }
}
