import Glibc

@testable import PuyPuyChecks

/// A directory for one test, removed with it.
final class TemporaryRoot: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/puypuy-checks-XXXXXX".utf8CString)
        let isMade = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        precondition(isMade, "no temporary directory: \(String(cString: strerror(errno)))")
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { TemporaryRoot.removeAll(path) }

    private static func removeAll(_ path: String) {
        var status = stat()
        if lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR {
            for name in (try? HostRoot(path).names(in: "/")) ?? [] { removeAll("\(path)/\(name)") }
        }
        remove(path)
    }

    /// Writes a file and the directories above it.
    func write(_ file: String, _ text: String, mode: mode_t = 0o644) {
        var directory = path
        for part in file.split(separator: "/").dropLast() {
            directory += "/\(part)"
            mkdir(directory, 0o755)
        }
        let descriptor = open("\(path)\(file)", O_WRONLY | O_CREAT | O_TRUNC, mode)
        precondition(descriptor >= 0, "cannot write \(file)")
        let bytes = Array(text.utf8)
        precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
    }

    /// Writes an executable script and returns its path.
    func script(_ name: String, _ text: String, mode: mode_t = 0o755) -> String {
        write("/\(name)", text, mode: mode)
        return "\(path)/\(name)"
    }

    func read(_ file: String) -> String? {
        guard let stream = fopen("\(path)\(file)", "r") else { return nil }
        defer { fclose(stream) }
        var text: [UInt8] = []
        while case let byte = fgetc(stream), byte != EOF { text.append(UInt8(byte)) }
        return String(decoding: text, as: UTF8.self)
    }
}
