internal import Glibc
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
    let connection: Connection
    private(set) var known = KnownSeries()

    /// Opens the spool at `path` for reading. Throws when there is none, or when it is newer than
    /// this program, or older: that is taken by ``Verifier`` alone, which asks for no newer tables.
    public init(path: String, acceptsEarlierVersions: Bool = false) throws(SpoolError) {
        guard access(path, F_OK) == 0 || errno == ENOENT else {
            throw SpoolError(
                operation: "cannot open", subject: path, cause: systemWords(errno),
                hint: "run this as root, or as the user of the daemon")
        }
        guard fileSizeBytes(path) > 0 else {
            throw SpoolError(
                operation: "cannot open", subject: path, cause: "there is no spool",
                hint: "start the daemon once, or check spool_path")
        }
        // Where SQLite cannot make its index of the log, a file without a log is read as it is.
        let isAlone =
            acceptsEarlierVersions && fileSizeBytes(path + "-wal") == 0
            && !SpoolFile.folderIsWritable(of: path)
        connection = try Connection(path: path, access: isAlone ? .readUnchanging : .read)
        try connection.execute("PRAGMA query_only = ON")
        try connection.execute("PRAGMA cache_size = -256")
        try Migrations.check(connection)
        if acceptsEarlierVersions, try Migrations.version(connection) > 0 { return }
        try Migrations.checkIsCurrent(connection)
    }

    /// The path of the spool.
    public var path: String { connection.path }

    /// The series with `id`. It is a broken invariant when the spool lacks it. Those of a unit were
    /// read with it, so that none is missing because it could not be read.
    public func series(_ id: SeriesID) -> Series {
        if let series = known[id] { return series }
        if let series = try? load(id) {
            known.insert(id, series)
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
        var before = BatchID.max
        while try statement.step() {
            let batch = statement.integer(0)
            guard batch < before, batch >= pending.openFirst else { throw outOfOrder }
            before = batch
            points += statement.integer(1)
            if last != nil && points > Int64(maxPoints) { break }
            first = batch
            last = last ?? batch
        }
        statement.reset()
        guard let last else { return nil }
        // Nothing is left below: what is gone from there needs no acknowledgement of its own.
        let reachesBottom = points <= Int64(maxPoints)
        return try loadPending(reachesBottom ? pending.openFirst...last : first...last)
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
            let batch = statement.integer(0)
            guard batch >= range.lowerBound, batch > last ?? 0 else { throw outOfOrder }
            points += statement.integer(1)
            if last != nil && points > Int64(maxPoints) {
                reachesTop = false
                break
            }
            last = batch
        }
        statement.reset()
        if pending.backlog.isEmpty {
            guard let last else { return nil }
            return try loadPending(range.lowerBound...last)
        }
        return try loadPending(range.lowerBound...(reachesTop ? range.upperBound : last!))
    }

    /// The points of the batches in `range`, which are pending. There is hardly ever a number without
    /// a batch among them. When there is, the books have to agree, or a page is not what it was: an
    /// acknowledgement would take points out of the pending set that were never seen.
    private func loadPending(_ range: ClosedRange<BatchID>) throws(SpoolError) -> LoadedUnit {
        let unit = try load(range)
        if unit.ends.count + unit.damaged.count < range.count,
            let backend = try audit().first(where: { !$0.balances })
        {
            throw damage("batches that are pending for \(backend.name) are not there")
        }
        return unit
    }

    /// SQLite trusts the order of the rows on a page, and gives back what is on a page in a wrong place,
    /// also from outside of the range that was asked for.
    var outOfOrder: SpoolError { damage("batches are out of order") }

    /// The file is not what it was.
    func damage(_ cause: String) -> SpoolError {
        SpoolError(
            .damaged, operation: "cannot read", subject: path, cause: cause,
            hint: "puypuy spool verify shows what is damaged")
    }

    /// The points of the batches in `range`.
    func load(_ range: ClosedRange<BatchID>) throws(SpoolError) -> LoadedUnit {
        var unit = LoadedUnit(batches: range)
        let statement = try connection.statement(
            "SELECT id, payload FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
        )
        .bind(1, range.lowerBound).bind(2, range.upperBound)
        defer { statement.reset() }
        var next = range.lowerBound
        while try statement.step() {
            let batch = statement.integer(0)
            guard batch >= next else { throw outOfOrder }
            next = batch + 1
            switch statement.decodeBatch(1) {
            case .success(let block):
                unit.block.append(contentsOf: block)
                unit.ends.append((batch, unit.block.count))
            case .failure(let damage): unit.damaged.append((batch, damage))
            }
        }
        try learnSeries(of: unit.block)
        return unit
    }

    /// Reads what is needed to name the points of a unit that another reader of this spool loaded.
    public func learn(_ unit: LoadedUnit) throws(SpoolError) { try learnSeries(of: unit.block) }

    /// Reads the series of `block` that are not known yet. One that is not there is damage: its points
    /// must not reach a database under another name.
    func learnSeries(of block: PointBlock) throws(SpoolError) {
        known.prepare(forPoints: block.count)
        for id in block.seriesIDs where !known.meets(id) {
            guard let series = try load(id) else {
                throw damage("a batch names the series \(id), which is not there")
            }
            known.insert(id, series)
        }
    }

    private func load(_ id: SeriesID) throws(SpoolError) -> Series? {
        let statement = try connection.statement("SELECT metric, tags FROM series WHERE id = ?1")
            .bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        guard let tags = Tags(statement.text(1)) else {
            throw damage("the tags of the series \(id) cannot be read")
        }
        return Series(metric: statement.text(0), tags: tags)
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
