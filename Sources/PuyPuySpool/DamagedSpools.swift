internal import Glibc

/// Spools that were moved aside because they were damaged: `spool.db.damaged-SECONDS`.
public enum DamagedSpools {
    /// Their paths, of the spool at `path`, sorted by name: the oldest first. Empty when this user may not
    /// read the folder.
    public static func beside(_ path: String) -> [String] {
        let folderEnd = path.lastIndex(of: "/")
        let folder = folderEnd.map { path[...$0] } ?? "./"
        let name = folderEnd.map { path[path.index(after: $0)...] } ?? path[...]
        guard let entries = opendir(String(folder)) else { return [] }
        defer { closedir(entries) }
        var found: [String] = []
        while let entry = readdir(entries) {
            let other = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard other.hasPrefix("\(name).damaged-"), !other.hasSuffix("-wal"),
                !other.hasSuffix("-shm")
            else { continue }
            found.append(folderEnd == nil ? other : folder + other)
        }
        return found.sorted()
    }
}
