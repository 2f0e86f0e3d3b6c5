/// What a commit survives.
public enum Durability: String, Sendable, Hashable, CaseIterable {
    /// A power cut: every commit is synced to the disk.
    case full
    /// A kill -9 of the process, but a power cut may cost the last commits.
    case normal
}

/// What goes when the spool is full and nothing confirmed is left to delete.
public enum Overflow: String, Sendable, Hashable, CaseIterable {
    /// The oldest pending points, to make room for new ones.
    case dropOldest = "drop_oldest"
    /// The new points.
    case dropNewest = "drop_newest"
}

/// Where a spool is and what bounds it.
public struct SpoolOptions: Sendable, Hashable {
    /// The database file. Its folder is made when it is missing.
    public var path: String
    /// What a commit survives.
    public var durability: Durability = .full
    /// How long confirmed batches are kept for replay and queries.
    public var retain: Duration = .seconds(24 * 3600)
    /// The most bytes of pages in use; the write-ahead log, of some megabytes, comes on top.
    public var maxBytes: Int64 = 2 << 30
    /// Bytes of the file system that are left to others.
    public var minFreeBytes: Int64 = 256 << 20
    /// Pending points that were committed longer ago expire; `nil` for never.
    public var maxAge: Duration?
    /// What goes at the cap.
    public var overflow: Overflow = .dropOldest
    /// The most points that wait in memory while commits fail.
    public var memoryBufferPoints = 100_000

    /// The default bounds for a spool at `path`.
    public init(path: String) { self.path = path }
}

/// A destination that a spool holds points for.
public struct SpoolBackend: Sendable, Hashable {
    /// Its name in the configuration.
    public var name: String
    /// Its type, for people.
    public var type: String
    /// The spool itself is the destination: points are delivered by being committed.
    public var keepsPoints: Bool
    /// A new backend also gets the retained points that are at most this old; `nil` for none.
    public var backfill: Duration?

    /// A destination.
    public init(name: String, type: String, keepsPoints: Bool = false, backfill: Duration? = nil) {
        self.name = name
        self.type = type
        self.keepsPoints = keepsPoints
        self.backfill = backfill
    }
}
