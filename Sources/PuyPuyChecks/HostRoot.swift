internal import Glibc
internal import PuyPuyCore
internal import SystemPackage

/// The host's file system below ``CheckContext/rootPath``: all that built-in checks read.
///
/// Paths are absolute paths of the host, such as `/proc/stat`. Calls block.
struct HostRoot: Sendable, Hashable {
    /// Below this path; empty for the machine's own root.
    private let prefix: String

    /// The host whose root directory is at `path`.
    init(_ path: String) {
        var prefix = path
        while prefix.hasSuffix("/") { prefix.removeLast() }
        self.prefix = prefix
    }

    /// True when the host's root is this process's own.
    var isOwn: Bool { prefix.isEmpty }

    /// Where the host's `path` is for this process.
    func path(_ path: String) -> String { prefix + path }

    /// Where a process's view is to be read, such as `mounts` or `net/tcp`.
    ///
    /// Below another root `/proc/self` is this process, in its own namespaces; process 1 is the
    /// host's.
    func processView(_ name: String) -> String {
        let first = "/proc/1/\(name)"
        return !isOwn && exists(first) ? first : "/proc/\(name)"
    }

    /// True when something is at `path`, links followed.
    func exists(_ path: String) -> Bool { access(self.path(path), F_OK) == 0 }

    /// True when a directory is at `path`, links followed.
    func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(self.path(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The whole content of `path`. Files of /proc and /sys have no size, so it is read to the end.
    func read(_ path: String) throws(ChecksError) -> [UInt8] {
        var content: [UInt8] = []
        try readPieces(of: path) { content.append(contentsOf: $0) }
        return content
    }

    /// The content of `path`, or `nil` when nothing is there or it vanished meanwhile.
    func readIfThere(_ path: String) throws(ChecksError) -> [UInt8]? {
        do {
            return try read(path)
        } catch  where !exists(path) {
            return nil
        }
    }

    /// The number that `path` holds alone, or `nil` when nothing is there or it is no number.
    func number(_ path: String) -> Value? {
        guard let content = try? read(path) else { return nil }
        var words = ByteWords(content[...])
        return words.next().flatMap(Value.init(counter:))
    }

    /// Calls `body` for each line of `path`, without its line feed, in bounded memory.
    ///
    /// Sockets can number millions, so such files are never held whole. A read that gives fewer than
    /// `endsBelow` bytes is taken for the last.
    func forEachLine(
        of path: String, endsBelow: Int = 0, _ body: (ArraySlice<UInt8>) -> Void
    ) throws(ChecksError) {
        var rest: [UInt8] = []
        try readPieces(of: path, endsBelow: endsBelow) { piece in
            rest.append(contentsOf: piece)
            guard let last = rest.lastIndex(of: ByteLines.lineFeed) else { return }
            var lines = ByteLines(rest[..<last])
            while let line = lines.next() { body(line) }
            rest.removeSubrange(...last)
        }
        if !rest.isEmpty { body(rest[...]) }
    }

    /// The names in the directory `path`, sorted, without `.` and `..`.
    func names(in path: String) throws(ChecksError) -> [String] {
        guard let directory = opendir(self.path(path)) else {
            throw failure("list", path, errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // d_name is the last member, at offset 19, and ends in a zero byte: readdir(3).
            let start = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
            let bytes = UnsafeRawPointer(entry).advanced(by: start)
                .assumingMemoryBound(to: CChar.self)
            let name = String(cString: bytes)
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func readPieces(
        of path: String, endsBelow: Int = 0, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(ChecksError) {
        let file = open(self.path(path), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("read", path, errno) }
        defer { close(file) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count > 0 {
                body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                if count < endsBelow { return }
            } else if errno != EINTR {
                throw failure("read", path, errno)
            }
        }
    }

    private func failure(_ operation: String, _ path: String, _ code: CInt) -> ChecksError {
        let hint =
            code == EACCES || code == EPERM
            ? "it takes more rights than the user that runs this has" : nil
        return ChecksError(
            operation: operation, subject: self.path(path),
            cause: Errno(rawValue: code).description, hint: hint)
    }
}
