internal import Glibc

/// A file that lines are appended to, or the standard error stream.
///
/// Not to be shared between threads without a lock; ``LogOutput`` has one.
struct LogFile: ~Copyable {
    /// What the system said when a file could not be opened or written.
    struct Failure: Error, Hashable {
        /// The system's error number.
        let code: Int32

        /// The system's words, in lower case as everywhere.
        var message: String { String(cString: strerror(code)).lowercased() }
    }

    private let descriptor: Int32
    private let isOwned: Bool

    /// The standard error stream.
    static func standardError() -> LogFile {
        LogFile(descriptor: STDERR_FILENO, isOwned: false)
    }

    /// Opens `path` for appending. A file that is made is 0640, folders that are made are 0750.
    init(appendingTo path: String) throws(Failure) {
        descriptor = try LogFile.openForAppending(path)
        isOwned = true
    }

    /// A descriptor of the file at `path`, for a process that is to write there.
    static func openForAppending(_ path: String) throws(Failure) -> Int32 {
        makeFolders(of: path)
        // O_NONBLOCK: opening a pipe that nobody reads fails instead of stopping the daemon.
        let descriptor = open(
            path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o640)
        if descriptor < 0 { throw Failure(code: errno) }
        return descriptor
    }

    private init(descriptor: Int32, isOwned: Bool) {
        self.descriptor = descriptor
        self.isOwned = isOwned
    }

    deinit {
        if isOwned && descriptor >= 0 { close(descriptor) }
    }

    /// Writes all of `text`; after a failure a part of it may be there.
    borrowing func write(_ text: String) throws(Failure) {
        var text = text
        let code = text.withUTF8 { bytes -> Int32 in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest))
                let count = Glibc.write(descriptor, part.baseAddress, part.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                rest = rest.dropFirst(count)
            }
            return 0
        }
        if code != 0 { throw Failure(code: code) }
    }

    private static func makeFolders(of path: String) {
        var slash = path.startIndex
        while let next = path[path.index(after: slash)...].firstIndex(of: "/") {
            // What fails here is told by the opening of the file.
            mkdir(String(path[..<next]), 0o750)
            slash = next
        }
    }
}
