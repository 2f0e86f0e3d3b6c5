/// The space that a spool takes and has.
public struct SpoolRoom: Sendable, Hashable {
    /// Bytes of pages in use, which ``SpoolOptions/maxBytes`` bounds.
    public var usedBytes: Int64
    /// Bytes of `spool.db`.
    public var fileBytes: Int64
    /// Bytes of the write-ahead log.
    public var logBytes: Int64
    /// Bytes that the file system has left for this user; `nil` when it does not say.
    public var freeBytes: Int64?
    /// When the oldest batch was committed, nanoseconds since the epoch.
    public var oldestBatchNs: Int64?
    /// When the newest was.
    public var newestBatchNs: Int64?
}

extension SpoolReader {
    /// What the spool takes of its bounds.
    public func room() throws(SpoolError) -> SpoolRoom {
        let pageBytes = try connection.integer("PRAGMA page_size")
        let pages = try connection.integer("PRAGMA page_count")
        let free = try connection.integer("PRAGMA freelist_count")
        let times = try connection.statement(
            """
            SELECT (SELECT committed_ns FROM batch ORDER BY id LIMIT 1),
                (SELECT committed_ns FROM batch ORDER BY id DESC LIMIT 1)
            """)
        defer { times.reset() }
        _ = try times.step()
        return SpoolRoom(
            usedBytes: (pages - free) * pageBytes, fileBytes: sizes.fileBytes,
            logBytes: sizes.logBytes, freeBytes: PuyPuySpool.freeBytes(at: path),
            oldestBatchNs: times.isNull(0) ? nil : times.integer(0),
            newestBatchNs: times.isNull(1) ? nil : times.integer(1))
    }
}
