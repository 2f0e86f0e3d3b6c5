public import PuyPuyCore

extension SpoolReader {
    /// How many retained points may lie between `fromNs` and `toNs` (both included), in batches that
    /// touch that time.
    public func pointsInHistory(fromNs: Int64, toNs: Int64) throws(SpoolError) -> Int64 {
        let statement = try connection.statement(
            "SELECT coalesce(sum(points), 0) FROM batch WHERE last_ns >= ?1 AND first_ns <= ?2"
        )
        .bind(1, fromNs).bind(2, toNs)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    /// The next retained batches behind `cursor`, up to `newest`, that touch the time between
    /// `fromNs` and `toNs`, whole, with at most `maxPoints` points, one batch at least; `nil` when
    /// there are no more.
    public func history(
        after cursor: BatchID, upTo newest: BatchID = .max, fromNs: Int64, toNs: Int64,
        maxPoints: Int
    ) throws(SpoolError) -> LoadedUnit? {
        let statement = try connection.statement(
            """
            SELECT id, points, payload FROM batch
            WHERE id > ?1 AND id <= ?4 AND last_ns >= ?2 AND first_ns <= ?3 ORDER BY id
            """
        )
        .bind(1, cursor).bind(2, fromNs).bind(3, toNs).bind(4, newest)
        defer { statement.reset() }
        var unit: LoadedUnit?
        var points: Int64 = 0
        while try statement.step() {
            let batch = statement.integer(0)
            points += statement.integer(1)
            if unit != nil && points > Int64(maxPoints) { break }
            guard batch > unit?.batches.upperBound ?? cursor else { throw outOfOrder }
            // Taken, so that there is no second owner and the columns grow in place.
            var loaded = unit.take() ?? LoadedUnit(batches: batch...batch)
            loaded.batches = loaded.batches.lowerBound...batch
            switch statement.decodeBatch(2) {
            case .success(let block):
                loaded.block.append(contentsOf: block)
                loaded.ends.append((batch, loaded.block.count))
            case .failure(let damage): loaded.damaged.append((batch, damage))
            }
            unit = loaded
        }
        if let unit { try learnSeries(of: unit.block) }
        return unit
    }

    /// Calls `body` with the newest retained points, newest batch first, until `limit` points were
    /// seen or `body` returns false. Returns how many were seen.
    @discardableResult
    public func newestPoints(
        limit: Int, _ body: (PointBlock) -> Bool
    ) throws(SpoolError) -> Int {
        let statement = try connection.statement("SELECT id, payload FROM batch ORDER BY id DESC")
        defer { statement.reset() }
        var seen = 0
        while seen < limit, try statement.step() {
            guard case .success(let block) = statement.decodeBatch(1) else { continue }
            seen += block.count
            if !body(block) { break }
        }
        return seen
    }

    /// The points of the batches behind `cursor`, oldest first, and the last batch's number.
    public func points(
        after cursor: BatchID
    ) throws(SpoolError) -> (block: PointBlock, last: BatchID) {
        let unit = try load((cursor + 1)...BatchID.max)
        return (unit.block, unit.ends.last?.batch ?? cursor)
    }

    /// The number of the newest batch; 0 without batches.
    public func newestBatch() throws(SpoolError) -> BatchID {
        try connection.integer("SELECT coalesce(max(id), 0) FROM batch")
    }

    /// The series with the numbers behind `cursor`, in the order of the numbers, at most `limit`.
    func series(
        after cursor: SeriesID, limit: Int
    ) throws(SpoolError) -> [(id: SeriesID, series: Series)] {
        let statement = try connection.statement(
            "SELECT id, metric, tags FROM series WHERE id > ?1 ORDER BY id LIMIT ?2"
        )
        .bind(1, cursor).bind(2, Int64(limit))
        defer { statement.reset() }
        var found: [(id: SeriesID, series: Series)] = []
        while try statement.step() {
            let tags = Tags(statement.text(2)) ?? .none
            found.append((statement.integer(0), Series(metric: statement.text(1), tags: tags)))
        }
        return found
    }

    /// The keys of the tags of all series, in the order of their bytes.
    public func tagKeys() throws(SpoolError) -> [String] {
        let statement = try connection.statement("SELECT tags FROM series")
        defer { statement.reset() }
        var keys: Set<[UInt8]> = []
        while try statement.step() {
            for tag in Tags(statement.text(0))?.pairs ?? [] { keys.insert(Array(tag.key.utf8)) }
        }
        return keys.sorted { $0.lexicographicallyPrecedes($1) }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
