internal import PuyPuyCore

/// How much the spool may still grow: by its cap, and by what the file system has to leave free.
struct Room {
    private let freeBytes: @Sendable () -> Int64?
    private var maxBytes: Int64
    private var minFreeBytes: Int64
    private var limitedAtFreeBytes: Int64?

    /// Room within `options`; `freeBytes` asks the file system, `nil` when it does not say.
    init(_ options: SpoolOptions, freeBytes: @escaping @Sendable () -> Int64?) {
        self.freeBytes = freeBytes
        maxBytes = options.maxBytes
        minFreeBytes = options.minFreeBytes
    }

    /// Takes over the limits of `options`; the next commit goes by them.
    mutating func change(_ options: SpoolOptions) {
        maxBytes = options.maxBytes
        minFreeBytes = options.minFreeBytes
        limitedAtFreeBytes = nil
    }

    /// What is too small for a commit.
    enum Shortage {
        /// The spool's own cap.
        case cap
        /// The file system, because of others: it may be over at any moment.
        case disk
    }

    /// What keeps a commit from taking `bytes`; `nil` when nothing does, and the file has the room.
    /// Free pages of the file can be used again whatever the file system has left.
    func shortage(of bytes: Int64, _ connection: Connection) throws(SpoolError) -> Shortage? {
        let pageBytes = try connection.integer("PRAGMA page_size")
        let pages = try connection.integer("PRAGMA page_count")
        let freePages = try connection.integer("PRAGMA freelist_count")
        if maxBytes - (pages - freePages) * pageBytes < bytes { return .cap }
        let growth = max(0, bytes - freePages * pageBytes)
        if let free = freeBytes(), max(0, free - minFreeBytes) < growth { return .disk }
        // What is committed to the write-ahead log can then be moved into the file, whatever others
        // take of the file system in the meantime.
        return connection.claim(bytes: pages * pageBytes + growth) ? nil : .disk
    }

    /// Keeps SQLite from growing the file into the last half of what has to stay free, so that
    /// deletes and checkpoints, which need a little of it, still work when commits do not.
    mutating func limitPages(_ connection: Connection) throws(SpoolError) {
        guard let free = freeBytes() else { return }
        if let known = limitedAtFreeBytes, abs(known - free) < 1 << 20 { return }
        limitedAtFreeBytes = free
        let pageBytes = try connection.integer("PRAGMA page_size")
        let pages = try connection.integer("PRAGMA page_count")
        let growth = max(0, free - minFreeBytes / 2) / pageBytes
        let claimed = fileSizeBytes(connection.path) / pageBytes
        try connection.execute("PRAGMA max_page_count = \(max(1, claimed, pages + growth))")
    }
}
