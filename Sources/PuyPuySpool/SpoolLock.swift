internal import Glibc

/// The exclusive right to write a spool: an flock(2) on `spool.lock` beside it, held until the value
/// is released or the process ends, however it ends.
final class SpoolLock {
    private let descriptor: CInt

    /// Takes the lock of the spool at `path`, or throws who has it.
    init(forSpoolAt path: String) throws(SpoolError) {
        let lockPath = SpoolLock.path(forSpoolAt: path)
        descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SpoolError(
                operation: "cannot open", subject: lockPath, cause: systemWords(errno),
                hint: "check that the folder is there and that this user may write it")
        }
        guard SpoolLock.take(descriptor) else {
            let cause = errno
            let holder = SpoolLock.readHolder(descriptor)
            // The deinitializer closes the file.
            throw SpoolError(
                .locked, operation: "cannot lock", subject: path,
                cause: cause == EWOULDBLOCK
                    ? "process \(holder) is using this spool" : systemWords(cause),
                hint: "stop that process first, or give this one another spool_path")
        }
        ftruncate(descriptor, 0)
        let identity = Array("\(getpid())\n".utf8)
        pwrite(descriptor, identity, identity.count, 0)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Throws when a process has the spool at `path`. Takes nothing and makes no file.
    static func checkNobodyHolds(spoolAt path: String) throws(SpoolError) {
        let descriptor = open(SpoolLock.path(forSpoolAt: path), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
        throw SpoolError(
            .locked, operation: "cannot salvage", subject: path,
            cause: "process \(readHolder(descriptor)) is using this spool",
            hint: "stop that process first: puypuy stop, or systemctl stop puypuy")
    }

    /// The process that has the spool at `path`; `nil` when none has. Takes nothing and makes no file.
    /// Throws when this user may not know.
    static func holder(ofSpoolAt path: String) throws(SpoolError) -> pid_t? {
        let lockPath = SpoolLock.path(forSpoolAt: path)
        let descriptor = open(lockPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SpoolError(
                operation: "cannot open", subject: lockPath, cause: systemWords(errno),
                hint: "ask as root, or as the user of the daemon")
        }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        return pid_t(readHolder(descriptor)) ?? 0
    }

    /// Takes the lock. Whoever only looks who has it holds it for a moment: that is waited for.
    private static func take(_ descriptor: CInt) -> Bool {
        for _ in 0..<10 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            if errno != EWOULDBLOCK { return false }
            usleep(5_000)
        }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    static func path(forSpoolAt path: String) -> String {
        path.hasSuffix(".db") ? String(path.dropLast(3)) + ".lock" : path + ".lock"
    }

    private static func readHolder(_ descriptor: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? "of another program" : String(decoding: digits, as: UTF8.self)
    }
}
