internal import PuyPuyCore

/// Visits the batches of a file in order, around the pages that cannot be read.
///
/// Where SQLite meets damage, the numbers that are left are halved until what is readable on both sides
/// is read. Each step is one short read transaction of at most ``batchesPerStep`` batches.
struct BatchWalk {
    /// Some ten milliseconds of decoding: nobody waits long for the write-ahead log to shrink.
    static let batchesPerStep: Int64 = 64
    /// So many ranges are kept apart; more are joined, so that memory has a bound.
    private static let rangesKept = 1_000

    let connection: Connection
    /// Numbers whose rows cannot be read, in order. Some of them may never have had a batch.
    private(set) var unreadable: [ClosedRange<BatchID>] = []

    init(_ connection: Connection) { self.connection = connection }

    /// Calls `body` with each batch in `range` that can be read, as a row of its number, the time of
    /// its commit, first and last timestamp, number of points, and payload. Throws what is not damage.
    mutating func run(
        _ range: ClosedRange<BatchID>, _ body: (Statement) throws(SpoolError) -> Void
    ) throws(SpoolError) {
        var parts = [range]
        while let part = parts.popLast() {
            var next = part.lowerBound
            do {
                let isWhole = try step(part, next: &next, body)
                if !isWhole && next <= part.upperBound { parts.append(next...part.upperBound) }
            } catch  where error.kind == .damaged {
                guard next <= part.upperBound else { continue }
                if next == part.upperBound {
                    note(next)
                } else {
                    let middle = next + (part.upperBound - next) / 2
                    parts.append((middle + 1)...part.upperBound)
                    parts.append(next...middle)
                }
            }
        }
    }

    /// Visits some batches of `range`; `next` is the number behind the last one. Returns whether there
    /// are no more.
    private func step(
        _ range: ClosedRange<BatchID>, next: inout BatchID,
        _ body: (Statement) throws(SpoolError) -> Void
    ) throws(SpoolError) -> Bool {
        let statement = try connection.statement(
            """
            SELECT id, committed_ns, first_ns, last_ns, points, payload FROM batch
            WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3
            """
        )
        .bind(1, range.lowerBound).bind(2, range.upperBound).bind(3, Self.batchesPerStep)
        defer { statement.reset() }
        var visited: Int64 = 0
        while try statement.step() {
            visited += 1
            // SQLite gives back what is on a page in a wrong place, also from outside of the range.
            guard statement.integer(0) >= next else {
                throw SpoolError(
                    .damaged, operation: "cannot read", subject: connection.path,
                    cause: "batches are out of order")
            }
            next = statement.integer(0) + 1
            try body(statement)
        }
        return visited < Self.batchesPerStep
    }

    private mutating func note(_ batch: BatchID) {
        guard let last = unreadable.last,
            last.upperBound + 1 == batch || unreadable.count == Self.rangesKept
        else {
            unreadable.append(batch...batch)
            return
        }
        unreadable[unreadable.count - 1] = last.lowerBound...batch
    }
}
