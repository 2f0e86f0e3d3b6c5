import Glibc

/// A new folder that is removed, with the files in it, when the object goes.
final class ScratchFolder: Sendable {
    /// Why there is no folder.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ path: String, _ number: Int32) {
            description = "cannot write in \(path): \(String(cString: strerror(number)))"
        }
    }

    let path: String

    init(below parent: String) throws {
        var template = Array("\(parent)/puypuy-bench.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(parent, errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink("\(path)/\(name)")
            }
            closedir(folder)
        }
        rmdir(path)
    }
}
