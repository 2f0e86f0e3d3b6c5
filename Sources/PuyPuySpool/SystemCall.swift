internal import CSQLite
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

/// Has the file system keep `bytes` for the file at `path`, where it can. The file's size stays what it
/// is; cutting the file gives the room back. fallocate(2).
func keepRoom(forFileAt path: String, bytes: Int) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = puypuy_keep_room(descriptor, bytes)
    close(descriptor)
}

/// Makes the names in the folder at `path` survive a power cut, where this user may read the folder
/// and the file system can. Returns 0, or the error number of a disk that failed. fsync(2).
func syncFolder(_ path: String) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    guard fsync(descriptor) != 0 else { return 0 }
    return [EINVAL, EROFS, EBADF, ENOTSUP].contains(errno) ? 0 : errno
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
