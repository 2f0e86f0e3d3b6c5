public import PuyPuyCore

/// Points loaded from the spool, to be sent and acknowledged together.
public struct LoadedUnit: Sendable {
    /// The batches that the unit stands for; an acknowledgement names them all.
    public var batches: ClosedRange<BatchID>
    /// The points.
    public var block: PointBlock
    /// For each batch with points, in order: its number and the row behind its last point.
    public var ends: [(batch: BatchID, row: Int)]
    /// Batches whose bytes are damaged, and how.
    public var damaged: [(batch: BatchID, damage: BatchDamage)]

    /// A unit without points, that only has to be settled.
    public init(batches: ClosedRange<BatchID>) {
        self.batches = batches
        block = PointBlock()
        ends = []
        damaged = []
    }

    /// The batch that the point in `row` came from.
    public func batch(ofRow row: Int) -> BatchID {
        ends.first { row < $0.row }?.batch ?? batches.upperBound
    }
}

/// A read-only view of a spool: for senders, and for commands while the daemon runs or not.
///
/// Each call is one short read transaction, which ends before the call returns: nothing is held
/// while a network or a terminal is slow. Belongs to one thread at a time.
public final class SpoolReader: SeriesCatalog {
    /// So many series are remembered from one unit to the next.
    static let seriesKept = 20_000

    let connection: Connection
    private(set) var known: [SeriesID: Series] = [:]

    /// Opens the spool at `path` for reading. Throws when there is none, or when it is newer than
    /// this program.
    public init(path: String) throws(SpoolError) {
        guard fileSizeBytes(path) > 0 else {
            throw SpoolError(
                operation: "cannot open", subject: path, cause: "there is no spool",
                hint: "start the daemon once, or check spool_path")
        }
        connection = try Connection(path: path, access: .read)
        try connection.execute("PRAGMA query_only = ON")
        try connection.execute("PRAGMA cache_size = -256")
        try Migrations.checkIsCurrent(connection)
    }

    /// The path of the spool.
    public var path: String { connection.path }

    /// The series with `id`. It is a broken invariant when the spool lacks it. Those of a unit were
    /// read with it, so that none is missing because it could not be read.
    public func series(_ id: SeriesID) -> Series {
        if let series = known[id] { return series }
        if let series = try? load(id) {
            known[id] = series
            return series
        }
        return Series(metric: "unknown_series", tags: ["series_id": "\(id)"])
    }

    /// The newest pending batches of the open range, whole, with at most `maxPoints` points, one
    /// batch at least; `nil` when there are none.
    public func newest(
        of pending: PendingSet, maxPoints: Int
    ) throws(SpoolError) -> LoadedUnit? {
        let statement = try connection.statement(
            "SELECT id, points FROM batch WHERE id >= ?1 ORDER BY id DESC"
        )
        .bind(1, pending.openFirst)
        var last: BatchID?
        var first: BatchID = 0
        var points: Int64 = 0
        while try statement.step() {
            points += statement.integer(1)
            if last != nil && points > Int64(maxPoints) { break }
            first = statement.integer(0)
            last = last ?? first
        }
        statement.reset()
        guard let last else { return nil }
        // Nothing is left below: what is gone from there needs no acknowledgement of its own.
        let reachesBottom = points <= Int64(maxPoints)
        return try load(reachesBottom ? pending.openFirst...last : first...last)
    }

    /// The oldest pending batches, whole, with at most `maxPoints` points, one batch at least;
    /// `nil` when there are none. Empty when the oldest range has no batches any more.
    public func oldest(
        of pending: PendingSet, maxPoints: Int
    ) throws(SpoolError) -> LoadedUnit? {
        let range = pending.backlog.first ?? pending.openFirst...BatchID.max
        let statement = try connection.statement(
            "SELECT id, points FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
        )
        .bind(1, range.lowerBound).bind(2, range.upperBound)
        var last: BatchID?
        var points: Int64 = 0
        var reachesTop = true
        while try statement.step() {
            points += statement.integer(1)
            if last != nil && points > Int64(maxPoints) {
                reachesTop = false
                break
            }
            last = statement.integer(0)
        }
        statement.reset()
        if pending.backlog.isEmpty {
            guard let last else { return nil }
            return try load(range.lowerBound...last)
        }
        return try load(range.lowerBound...(reachesTop ? range.upperBound : last!))
    }

    /// The points of the batches in `range`.
    func load(_ range: ClosedRange<BatchID>) throws(SpoolError) -> LoadedUnit {
        var unit = LoadedUnit(batches: range)
        let statement = try connection.statement(
            "SELECT id, payload FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
        )
        .bind(1, range.lowerBound).bind(2, range.upperBound)
        while try statement.step() {
            let batch = statement.integer(0)
            switch statement.decodeBatch(1) {
            case .success(let block):
                unit.block.append(contentsOf: block)
                unit.ends.append((batch, unit.block.count))
            case .failure(let damage): unit.damaged.append((batch, damage))
            }
        }
        statement.reset()
        try learnSeries(of: unit.block)
        return unit
    }

    /// Reads the series of `block` that are not known yet. Forgets the others when they are many:
    /// where series come and go, a sender that runs for months meets any number of them.
    func learnSeries(of block: PointBlock) throws(SpoolError) {
        if known.count > Self.seriesKept { known.removeAll() }
        for id in block.seriesIDs where known[id] == nil {
            if let series = try load(id) { known[id] = series }
        }
    }

    private func load(_ id: SeriesID) throws(SpoolError) -> Series? {
        let statement = try connection.statement("SELECT metric, tags FROM series WHERE id = ?1")
            .bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return Series(metric: statement.text(0), tags: Tags(statement.text(1)) ?? .none)
    }
}

extension Statement {
    /// The batch in a BLOB column, decoded in place.
    func decodeBatch(_ column: Int32) -> Result<PointBlock, BatchDamage> {
        withBlob(column) { bytes in
            Result { () throws(BatchDamage) in try BatchCodec.decode(bytes) }
        }
    }
}
