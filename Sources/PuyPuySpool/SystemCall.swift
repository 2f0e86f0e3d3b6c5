internal import Glibc

/// The system's words for an error number.
func systemWords(_ number: Int32) -> String { String(cString: strerror(number)) }

/// Whether an error number says that there is no room.
func isFull(_ number: Int32) -> Bool { number == ENOSPC || number == EDQUOT }

/// Bytes that an unprivileged process can still write to the file system of `path`; `nil` when the
/// system does not say. statvfs(3).
func freeBytes(at path: String) -> Int64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
}

/// The size of the file at `path`, 0 when there is none. stat(2).
func fileSizeBytes(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
}

/// Makes the names in the folder that `path` is in survive a power cut, where the file system can.
/// fsync(2).
func syncFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}

/// Nanoseconds since the epoch, UTC. clock_gettime(2).
func wallClockNs() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// The kernel's identity of this boot; empty when it does not say. random(4).
func bootID() -> String {
    let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
}
