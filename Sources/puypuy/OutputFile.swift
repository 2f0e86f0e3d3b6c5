internal import Glibc

/// A file that is there whole or not at all: written under another name beside it, mode 0600, synced,
/// and renamed into place. It replaces what had its name.
struct OutputFile: ~Copyable {
    private let path: String
    private let partialPath: String
    private let descriptor: CInt
    private var isDone = false

    /// A file that is going to be at `path`.
    init(_ path: String) throws {
        self.path = path
        partialPath = "\(path).partial-\(getpid())"
        descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            throw Failure.failed("cannot make \(partialPath): \(cause)")
        }
    }

    deinit {
        close(descriptor)
        if !isDone { unlink(partialPath) }
    }

    /// Adds `bytes`.
    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw failure("write") }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }

    /// Makes what was written durable, and gives it its name.
    mutating func finish() throws {
        guard fsync(descriptor) == 0 else { throw failure("sync") }
        guard rename(partialPath, path) == 0 else { throw failure("rename") }
        isDone = true
    }

    private func failure(_ operation: String) -> Failure {
        .failed("cannot \(operation) \(path): \(String(cString: strerror(errno)))")
    }
}
