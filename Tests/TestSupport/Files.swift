public import Glibc

/// The content of the file `path`, read to its end: files of /proc have no size.
public func readBytes(_ path: String) throws(TestSupportError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TestSupportError("open \(path): \(systemWords())") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor, &piece, piece.count)
        guard count >= 0 else { throw TestSupportError("read \(path): \(systemWords())") }
        if count == 0 { return bytes }
        bytes += piece[..<count]
    }
}

/// The text of the file `path`; empty when it cannot be read.
public func readText(_ path: String) -> String {
    String(decoding: (try? readBytes(path)) ?? [], as: UTF8.self)
}

/// Makes `bytes` the content of the file `path`, which then has exactly `mode`.
public func writeBytes(
    _ bytes: [UInt8], to path: String, mode: mode_t = 0o600
) throws(TestSupportError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw TestSupportError("open \(path): \(systemWords())") }
    defer { close(descriptor) }
    // The mode that open(2) takes is cut by the umask, and not that of a file that is there.
    fchmod(descriptor, mode)
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written > 0 else { throw TestSupportError("write \(path): \(systemWords())") }
        rest = rest.dropFirst(written)
    }
}

/// Copies the database file `path` to `copy`, with its write-ahead log if there is one: while the
/// database is open, what a kill -9 leaves.
public func copyDatabase(_ path: String, to copy: String) throws(TestSupportError) {
    try writeBytes(try readBytes(path), to: copy)
    if access(path + "-wal", F_OK) == 0 {
        try writeBytes(try readBytes(path + "-wal"), to: copy + "-wal")
    }
}

/// The names in the directory `path`, sorted, without `.` and `..`; none when it cannot be read.
public func names(inDirectory path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// The directory that is `levels` above `path`; 1 is the one that `path` is in.
public func ancestor(of path: String, levels: Int) -> String {
    "/" + path.split(separator: "/").dropLast(levels).joined(separator: "/")
}
