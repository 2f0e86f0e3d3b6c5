internal import Glibc

/// Reads files and folders of the configuration.
enum SettingsFolder {
    /// What the system said when something could not be read.
    struct Failure: Error, Hashable {
        /// The system's error number.
        let code: Int32

        /// The system's words, in lower case as everywhere: `no such file or directory`.
        var message: String {
            code == EFBIG
                ? "larger than 1 MiB, so probably not what was meant"
                : String(cString: strerror(code)).lowercased()
        }
    }

    /// What a path leads to.
    enum Kind: Hashable {
        case nothing
        case folder
        case file
    }

    /// A file's content, and whether users other than its owner and group may read it.
    struct Content: Hashable {
        let bytes: [UInt8]
        let isReadableByOthers: Bool
    }

    /// The most bytes of a file of settings. More would only be a mistake such as a log file.
    static let sizeLimit = 1 << 20

    /// Reads a whole file, of at most `limit` bytes.
    static func read(_ path: String, limit: Int = sizeLimit) throws(Failure) -> Content {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure(code: errno) }
        defer { close(descriptor) }
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw Failure(code: errno) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(code: errno)
            }
            if count == 0 { break }
            bytes.append(contentsOf: block[..<count])
            if bytes.count > limit { throw Failure(code: EFBIG) }
        }
        return Content(bytes: bytes, isReadableByOthers: status.st_mode & S_IROTH != 0)
    }

    /// The names in a folder, sorted by their bytes, without those that start with a dot.
    static func names(in path: String) throws(Failure) -> [String] {
        guard let folder = opendir(path) else { throw Failure(code: errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// What `path` leads to, links followed.
    static func kind(_ path: String) -> Kind {
        var status = stat()
        if stat(path, &status) != 0 { return .nothing }
        return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }

    /// `path`, made absolute with `folder`, without `.` and doubled slashes. `..` stays, since a
    /// folder before it may be a link.
    static func absolute(_ path: String, in folder: String) -> String {
        let whole = path.hasPrefix("/") ? path : folder + "/" + path
        let parts = whole.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }

    /// The folder that an absolute path without a slash at its end is in.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The folder that relative paths are relative to for this process.
    static func workingFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// The value of a variable of the environment of this process.
    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
