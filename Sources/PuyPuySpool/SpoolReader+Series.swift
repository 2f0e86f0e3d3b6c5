public import PuyPuyCore

/// What one piece of reading found.
public struct PointsPiece: Sendable {
    /// The points of the series that were asked for, in the time that was.
    public var block = PointBlock()
    /// The next piece lies below this batch; `nil` when nothing is left.
    public var next: BatchID?
    /// Batches that were looked at.
    public var batches = 0
    /// Points that were decoded.
    public var points = 0
    /// Batches that cannot be read.
    public var damaged = 0
}

/// The retained points of a few series: what charts are drawn from.
extension SpoolReader {
    /// A point is hardly ever committed before its time. Where clocks were set, it may have been.
    public static let clockSlack = Duration.seconds(600)

    /// The series whose ``Series/description`` is `key`, with its number; `nil` when there is none.
    public func series(
        describedBy key: String
    ) throws(SpoolError) -> (id: SeriesID, series: Series)? {
        guard key.last == "}" else { return nil }
        let statement = try connection.statement(
            "SELECT id FROM series WHERE metric = ?1 AND tags = ?2")
        // A metric may have a brace in its name.
        for index in key.indices where key[index] == "{" {
            let metric = String(key[..<index])
            let text = String(key[key.index(after: index)...].dropLast())
            statement.bind(1, metric).bind(2, text)
            defer { statement.reset() }
            if try statement.step(), let tags = Tags(text) {
                return (statement.integer(0), Series(metric: metric, tags: tags))
            }
        }
        return nil
    }

    /// The series of `metric` in the order of their tags, at most `limit`, and how many there are.
    public func series(
        of metric: String, limit: Int
    ) throws(SpoolError) -> (found: [(id: SeriesID, series: Series)], count: Int) {
        let statement = try connection.statement(
            "SELECT id, tags FROM series WHERE metric = ?1 ORDER BY tags"
        )
        .bind(1, metric)
        defer { statement.reset() }
        var found: [(id: SeriesID, series: Series)] = []
        var count = 0
        while try statement.step() {
            count += 1
            guard found.count < limit, let tags = Tags(statement.text(1)) else { continue }
            found.append((statement.integer(0), Series(metric: metric, tags: tags)))
        }
        return (found, count)
    }

    /// Calls `body` with the metric and the canonical tags of every series, in no order.
    public func forEachSeries(_ body: (String, String) -> Void) throws(SpoolError) {
        let statement = try connection.statement("SELECT metric, tags FROM series")
        defer { statement.reset() }
        while try statement.step() { body(statement.text(0), statement.text(1)) }
    }

    /// The first batch that may hold points from `ns` on, so far as the clock was not set by more than
    /// ``clockSlack``. Looks at a few batches only, however many there are.
    public func firstBatch(withPointsFrom ns: Int64) throws(SpoolError) -> BatchID {
        let (earliest, overflow) = ns.subtractingReportingOverflow(Self.clockSlack.nanoseconds)
        var low = try connection.integer("SELECT coalesce(min(id), 1) FROM batch")
        if overflow { return low }
        var high = try newestBatch()
        let statement = try connection.statement(
            "SELECT committed_ns FROM batch WHERE id >= ?1 ORDER BY id LIMIT 1")
        defer { statement.reset() }
        while low < high {
            let middle = low + (high - low) / 2
            statement.reset()
            statement.bind(1, middle)
            guard try statement.step() else { return low }
            if statement.integer(0) < earliest { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The points of `series` between `fromNs` and `toNs` (both included) in `batches`, newest batch
    /// first, until `maxBatches` were looked at or `maxPoints` decoded. One short transaction.
    public func points(
        of series: Set<SeriesID>, in batches: ClosedRange<BatchID>, fromNs: Int64, toNs: Int64,
        maxBatches: Int, maxPoints: Int
    ) throws(SpoolError) -> PointsPiece {
        let statement = try connection.statement(
            """
            SELECT id, first_ns, last_ns, payload FROM batch
            WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC
            """
        )
        .bind(1, batches.lowerBound).bind(2, batches.upperBound)
        defer { statement.reset() }
        var piece = PointsPiece()
        var last: BatchID?
        while try statement.step() {
            let batch = statement.integer(0)
            guard batches.contains(batch), batch < last ?? .max else { throw outOfOrder }
            if piece.batches == maxBatches || piece.points >= maxPoints {
                piece.next = last
                break
            }
            last = batch
            piece.batches += 1
            guard statement.integer(2) >= fromNs, statement.integer(1) <= toNs else { continue }
            let isMeant = statement.withBlob(3) { bytes in
                Result { () throws(BatchDamage) in
                    try BatchCodec.mentions(anyOf: series, bytes)
                }
            }
            guard case .success(true) = isMeant else {
                if case .failure = isMeant { piece.damaged += 1 }
                continue
            }
            switch statement.decodeBatch(3) {
            case .success(let block):
                piece.points += block.count
                for row in 0..<block.count
                where series.contains(block.seriesIDs[row])
                    && (fromNs...toNs).contains(block.timestampsNs[row])
                {
                    piece.block.append(
                        series: block.seriesIDs[row], timestampNs: block.timestampsNs[row],
                        value: block.values[row])
                }
            case .failure: piece.damaged += 1
            }
        }
        return piece
    }
}
