internal import Glibc
internal import PuyPuySpool
internal import Synchronization

/// The file with the daemon's process id. The spool's lock, not this file, keeps a second daemon
/// away, so a file that a killed daemon left behind is simply replaced.
final class PidFile: Sendable {
    private let path: Mutex<String?>

    /// Writes the id of this process to `path`, whose folder is made when it is missing; nothing
    /// without a path.
    init(_ path: String?) throws(DaemonError) {
        if let path { try PidFile.write(path) }
        self.path = Mutex(path)
    }

    /// Writes the id to `other` and removes the file that was. When that fails, all is as before.
    func move(to other: String?) throws(DaemonError) {
        if let other { try PidFile.write(other) }
        let before = path.withLock { path in
            defer { path = other }
            return path
        }
        if let before, before != other { unlink(before) }
    }

    /// Removes the file, if it is still this process's own.
    func remove() {
        path.withLock { path in
            if let path, PidFile.read(path) == getpid() { unlink(path) }
        }
    }

    /// The process id in the file at `path`; `nil` when there is none.
    static func read(_ path: String) -> pid_t? {
        guard let content = try? SettingsFolder.read(path) else { return nil }
        let text = String(decoding: content.bytes.prefix(32), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).first.flatMap { pid_t($0) }
    }

    private static func write(_ path: String) throws(DaemonError) {
        // What fails here is told by the opening of the file.
        if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o750) }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else {
            throw DaemonError(
                operation: "cannot write pid_file", subject: path,
                cause: String(cString: strerror(errno)),
                hint: "make its folder, or set pid_file to a place that this user may write")
        }
        defer { close(file) }
        let text = Array("\(getpid())\n".utf8)
        Glibc.write(file, text, text.count)
    }
}

/// What keeps the daemon from starting.
public struct DaemonError: Error, Sendable, CustomStringConvertible {
    let operation: String
    let subject: String
    let cause: String
    let hint: String

    /// One line: operation, subject, cause, hint.
    public var description: String { "\(operation) \(subject): \(cause); \(hint)" }
}
