internal import PuyPuyCore

/// How much the spool may still grow: by its cap, and by what the file system has to leave free.
struct Room {
    private let path: String
    private let maxBytes: Int64
    private let minFreeBytes: Int64
    private var limitedAtFreeBytes: Int64?

    init(_ options: SpoolOptions) {
        path = options.path
        maxBytes = options.maxBytes
        minFreeBytes = options.minFreeBytes
    }

    /// Bytes that a commit may take; not positive at the cap. Free pages of the file count as room
    /// also on a full disk.
    func available(_ connection: Connection) throws(SpoolError) -> Int64 {
        let pageBytes = try connection.integer("PRAGMA page_size")
        let pages = try connection.integer("PRAGMA page_count")
        let freePages = try connection.integer("PRAGMA freelist_count")
        let byCap = maxBytes - (pages - freePages) * pageBytes
        guard let free = freeBytes(at: path) else { return byCap }
        return min(byCap, freePages * pageBytes + free - minFreeBytes)
    }

    /// Keeps SQLite from growing the file into the last half of what has to stay free, so that
    /// deletes and checkpoints, which need a little of it, still work when commits do not.
    mutating func limitPages(_ connection: Connection) throws(SpoolError) {
        guard let free = freeBytes(at: path) else { return }
        if let known = limitedAtFreeBytes, abs(known - free) < 1 << 20 { return }
        limitedAtFreeBytes = free
        let pageBytes = try connection.integer("PRAGMA page_size")
        let pages = try connection.integer("PRAGMA page_count")
        let growth = max(0, free - minFreeBytes / 2) / pageBytes
        try connection.execute("PRAGMA max_page_count = \(max(1, pages + growth))")
    }
}
