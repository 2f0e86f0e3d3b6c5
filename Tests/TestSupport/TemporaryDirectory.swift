public import Glibc

/// A directory of its own under the system's temporary directory, removed with all it holds when
/// the object goes.
///
/// Names of files are paths below the directory; a slash at their start changes nothing, so that
/// the directory can stand for the root of a host.
public final class TemporaryDirectory: Sendable {
    /// The absolute path, without a slash at the end.
    public let path: String

    /// Makes the directory; its name starts with `name`.
    public init(_ name: String = "puypuy-test") throws(TestSupportError) {
        let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(root)/\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestSupportError("no temporary directory in \(root): \(systemWords())")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { TemporaryDirectory.remove(path) }

    /// Writes `text` to the file `name`, which then has exactly `mode`, and makes the directories
    /// that it is in. Returns the file's absolute path.
    @discardableResult
    public func write(
        _ name: String, _ text: String, mode: mode_t = 0o600
    ) throws(TestSupportError) -> String {
        var file = path
        for part in name.split(separator: "/") {
            if file != path { mkdir(file, 0o700) }
            file += "/\(part)"
        }
        try writeBytes(Array(text.utf8), to: file, mode: mode)
        return file
    }

    /// The text of the file `name`.
    public func read(_ name: String) throws(TestSupportError) -> String {
        String(decoding: try readBytes("\(path)/\(name)"), as: UTF8.self)
    }

    /// Removes `path` and all below it; symbolic links are removed, not followed.
    private static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(inDirectory: path) { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
