internal import Glibc
internal import Synchronization

/// Tells the service manager how the daemon is doing: the datagrams of sd_notify(3), without
/// libsystemd. Without `NOTIFY_SOCKET` it does nothing.
///
/// Nothing here waits or fails: a manager that does not read costs the message.
final class ServiceNotifier: Sendable {
    private let descriptor: CInt
    /// The address of the socket: a path, or `@` and an abstract name; `nil` without one.
    private let address: String?
    /// How often the manager wants to hear ``alive()``; `nil` when it does not.
    let watchdog: Duration?
    private let lastStatus = Mutex("")

    /// What the environment of this process says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    convenience init() {
        self.init(environment: SettingsFolder.environment)
    }

    init(environment: (String) -> String?) {
        address = environment("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        descriptor = address == nil ? -1 : socket(AF_UNIX, kind, 0)
        let isMeant = environment("WATCHDOG_PID").map { pid_t($0) == getpid() } ?? true
        let microseconds = environment("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
        watchdog = isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The daemon collects, again after a reload.
    func ready() { send("READY=1") }

    /// A reload begins; ``ready()`` ends it.
    func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
    }

    /// The daemon begins to end.
    func stopping() { send("STOPPING=1") }

    /// The daemon is not wedged.
    func alive() { send("WATCHDOG=1") }

    /// One line for `systemctl status`; sent when it differs from the last.
    func status(_ line: String) {
        let isNew = lastStatus.withLock { last in
            defer { last = line }
            return last != line
        }
        if isNew { send("STATUS=" + LogLine.escapingControls(line)) }
    }

    private func send(_ text: String) {
        guard descriptor >= 0, let address else { return }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        var name = Array(address.utf8)
        // unix(7): an abstract name begins with a zero byte, and ends where its length says.
        let isAbstract = name[0] == UInt8(ascii: "@")
        if isAbstract { name[0] = 0 }
        let room = MemoryLayout.size(ofValue: target.sun_path)
        guard name.count < room else { return }
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: name) }
        let before = MemoryLayout<sockaddr_un>.size - room
        let size = socklen_t(before + name.count + (isAbstract ? 0 : 1))
        let message = Array(text.utf8)
        _ = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, size)
            }
        }
    }
}
