public import Glibc
internal import PuyPuySpool

/// Starts the daemon in the background: in a session of its own, in `/`, without a terminal, with its
/// output in the log file.
public struct DaemonLauncher: Sendable {
    /// How it went.
    public enum Outcome: Sendable, Hashable {
        /// The daemon collects.
        case ready(pid_t)
        /// It ended; what it wrote last.
        case ended(words: [String])
        /// It runs, and was not ready in time.
        case notReady(pid_t)
        /// It could not be started, in the system's words.
        case refused(String)
    }

    /// The most lines of its output that are shown.
    private static let shownLines = 12
    /// POSIX_SPAWN_SETSID of posix_spawn(3), which glibc declares for C programs that ask for it.
    private static let newSession: Int32 = 0x80

    private let settings: Settings

    /// The file that the log goes to: `log_file`, else `puypuy.log` beside the spool.
    public var logFile: String {
        settings.logFile ?? SettingsFolder.parent(of: settings.spool.path) + "/puypuy.log"
    }

    /// A launcher of the daemon that `settings` describe.
    public init(_ settings: Settings) { self.settings = settings }

    /// Starts this program as the daemon, and waits until it is ready, at most for `patience`. Blocks.
    public func launch(within patience: Duration) -> Outcome {
        guard let socket = ReadySocket() else {
            return .refused(String(cString: strerror(errno)).lowercased())
        }
        let log: CInt
        do {
            log = try LogFile.openForAppending(logFile)
        } catch {
            return .refused("\(logFile): \(error.message)")
        }
        defer { close(log) }
        let before = lseek(log, 0, SEEK_END)
        var process: pid_t = 0
        let code = spawn(&process, log: log, notify: socket.address)
        guard code == 0 else { return .refused(String(cString: strerror(code)).lowercased()) }
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            if socket.hearsReady(withinMilliseconds: 50) { return .ready(process) }
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) == process {
                return .ended(words: words(from: before) + end(status))
            }
        }
        return .notReady(process)
    }

    private func spawn(_ process: inout pid_t, log: CInt, notify: String) -> CInt {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Self.newSession
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let words = [
            "puypuy", "daemon", "--config", settings.configurationPath, "--log-file", logFile,
        ]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        var environment = Self.environment(notify: notify).map { strdup($0) }
        environment.append(nil)
        defer {
            for text in arguments + environment { free(text) }
        }
        Self.closeOthersAtExec()
        // The daemon keeps no folder in use that somebody may want to unmount.
        let folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        chdir("/")
        defer {
            fchdir(folder)
            close(folder)
        }
        return posix_spawn(
            &process, Self.program(), &actions, &attributes, arguments, environment)
    }

    /// Lets only the standard streams reach the daemon: what whoever called this program left open is
    /// not its own.
    private static func closeOthersAtExec() {
        for name in (try? SettingsFolder.names(in: "/proc/self/fd")) ?? [] {
            guard let descriptor = CInt(name), descriptor > STDERR_FILENO else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    /// What the daemon wrote behind `offset`.
    private func words(from offset: off_t) -> [String] {
        let file = open(logFile, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = pread(file, &bytes, bytes.count, offset)
        let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        let lines = text.split(separator: "\n").map { LogLine.escapingControls(String($0)) }
        return Array(lines.suffix(Self.shownLines))
    }

    private func end(_ status: Int32) -> [String] {
        let signal = status & 0x7F
        return signal == 0 ? [] : ["it was ended by signal \(signal)"]
    }

    /// The environment of this process without what a service manager said to it alone.
    private static func environment(notify: String) -> [String] {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        let others = [
            "NOTIFY_SOCKET=", "WATCHDOG_", "JOURNAL_STREAM=", "LISTEN_", "INVOCATION_ID=",
        ]
        variables.removeAll { variable in others.contains { variable.hasPrefix($0) } }
        return variables + ["NOTIFY_SOCKET=\(notify)"]
    }

    /// The file of this program. It may have been replaced since it was started, by an update.
    private static func program() -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count - 1)
        guard count > 0 else { return "/proc/self/exe" }
        let path = String(
            decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return access(path, X_OK) == 0 ? path : "/proc/self/exe"
    }
}

/// Where a daemon that was started here says that it is ready: as a service manager would, see
/// ``ServiceNotifier``.
private struct ReadySocket: ~Copyable {
    private let descriptor: CInt
    /// The abstract name that the system gave, with its zero byte as `@`.
    let address: String

    /// Opens one; `nil` when the system refuses, with `errno`.
    init?() {
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        if descriptor < 0 { return nil }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var size = socklen_t(MemoryLayout<sa_family_t>.size)
        let isBound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                // unix(7), autobind: a length of the family alone.
                guard bind(descriptor, address, size) == 0 else { return false }
                size = socklen_t(MemoryLayout<sockaddr_un>.size)
                return getsockname(descriptor, address, &size) == 0
            }
        }
        let length = Int(size) - MemoryLayout<sa_family_t>.size
        guard isBound, length > 1 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        address = withUnsafeBytes(of: name.sun_path) { bytes in
            "@" + String(decoding: bytes[1..<length], as: UTF8.self)
        }
    }

    deinit { close(descriptor) }

    /// Whether the daemon says so before the time is over.
    func hearsReady(withinMilliseconds milliseconds: CInt) -> Bool {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&event, 1, milliseconds) > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        return text.split(separator: "\n").contains("READY=1")
    }
}
