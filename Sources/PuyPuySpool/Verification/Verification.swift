public import PuyPuyCore

/// What a check of a whole spool found. Lists are cut at ``listed`` entries, so that memory does not
/// depend on the size of the spool or of the damage; the numbers beside them count all.
public struct Verification: Sendable {
    /// The most entries of each list.
    public static let listed = 100

    /// A batch that is there and is not what was stored.
    public struct DamagedBatch: Sendable {
        /// Its number.
        public var batch: BatchID
        /// When it was committed, nanoseconds since the epoch, as its row says.
        public var committedNs: Int64
        /// Its points, as its row says.
        public var points: Int64
        /// What is wrong with it.
        public var reason: String
    }

    /// A series that a batch names and the spool does not have.
    public struct MissingSeries: Sendable {
        /// Its number.
        public var series: SeriesID
        /// The first batch that names it.
        public var batch: BatchID
    }

    /// Batches that were read and decoded.
    public var batches: Int64 = 0
    /// Their points.
    public var points: Int64 = 0
    /// What SQLite says of the file's structure and of references between tables; empty when sound.
    public var structure: [String] = []
    /// Batches whose bytes are damaged.
    public var damagedBatches: [DamagedBatch] = []
    /// How many those are in all.
    public var damagedBatchCount: Int64 = 0
    /// The points of all of them, as their rows say.
    public var damagedPoints: Int64 = 0
    /// Numbers of batches whose rows cannot be read at all.
    public var unreadable: [ClosedRange<BatchID>] = []
    /// Series that are missing.
    public var missingSeries: [MissingSeries] = []
    /// How often a batch names a series that is missing.
    public var missingSeriesCount: Int64 = 0
    /// What is wrong with pending ranges and books, a clause each.
    public var accounts: [String] = []
    /// The books of every backend; empty when they cannot be recounted.
    public var backends: [BackendSummary] = []

    /// Whether nothing is wrong.
    public var isSound: Bool {
        structure.isEmpty && damagedBatchCount == 0 && unreadable.isEmpty
            && missingSeriesCount == 0 && accounts.isEmpty
    }

    /// Whether the tables can be read: what is wrong lies in single batches alone.
    public var isUsable: Bool { structure.isEmpty && unreadable.isEmpty && accounts.isEmpty }

    mutating func add(_ damaged: DamagedBatch) {
        damagedBatchCount += 1
        damagedPoints += damaged.points
        if damagedBatches.count < Self.listed { damagedBatches.append(damaged) }
    }

    mutating func add(_ missing: MissingSeries) {
        missingSeriesCount += 1
        if missingSeries.count < Self.listed { missingSeries.append(missing) }
    }
}
