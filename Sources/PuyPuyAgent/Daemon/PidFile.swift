internal import Glibc
internal import PuyPuySpool

/// The file with the daemon's process id. The spool's lock, not this file, keeps a second daemon
/// away, so a file that a killed daemon left behind is simply replaced.
struct PidFile {
    private let path: String?

    /// Writes the id of this process to `path`, whose folder is made when it is missing; nothing
    /// without a path.
    init(_ path: String?) throws(DaemonError) {
        self.path = path
        guard let path else { return }
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
        write(file, text, text.count)
    }

    func remove() {
        if let path { unlink(path) }
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
