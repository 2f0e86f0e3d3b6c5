internal import PuyPuyCore

// Read from the file, by whoever has a connection.
extension BackendSummary {
    /// Every backend in the order of their numbers, its pending points recounted from the batches or taken
    /// from its books. From one snapshot only within a transaction.
    static func all(
        in connection: Connection, recounting: Bool
    ) throws(SpoolError) -> [BackendSummary] {
        let statement = try connection.statement(
            """
            SELECT id, name, type, collected, delivered, pending, dead, expired, keeps_points
            FROM backend JOIN ledger ON backend = id ORDER BY id
            """)
        defer { statement.reset() }
        var summaries: [BackendSummary] = []
        while try statement.step() {
            let pending = try PendingSet.read(backend: statement.integer(0), from: connection)
            var summary = BackendSummary(
                name: statement.text(1), type: statement.text(2),
                ledger: Ledger(
                    collected: statement.integer(3), delivered: statement.integer(4),
                    pending: statement.integer(5), dead: statement.integer(6),
                    expired: statement.integer(7)),
                pendingBatches: 0, pendingRecounted: 0, oldestPendingNs: nil,
                isActive: pending.openFirst != .max || statement.integer(8) != 0)
            let ranges = pending.intersection(1...(BatchID.max - 1))
            if recounting {
                for range in ranges { try summary.recount(range, in: connection) }
            } else {
                summary.pendingRecounted = summary.ledger.pending
                summary.oldestPendingNs = try oldestCommit(of: ranges, in: connection)
            }
            summaries.append(summary)
        }
        return summaries
    }

    /// When the first batch of `ranges`, which are in order, was committed.
    private static func oldestCommit(
        of ranges: [ClosedRange<BatchID>], in connection: Connection
    ) throws(SpoolError) -> Int64? {
        for range in ranges {
            let statement = try connection.statement(
                """
                SELECT committed_ns FROM batch WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1
                """
            )
            .bind(1, range.lowerBound).bind(2, range.upperBound)
            defer { statement.reset() }
            if try statement.step() { return statement.integer(0) }
        }
        return nil
    }

    private mutating func recount(
        _ range: ClosedRange<BatchID>, in connection: Connection
    ) throws(SpoolError) {
        let statement = try connection.statement(
            """
            SELECT count(*), coalesce(sum(points), 0), min(committed_ns) FROM batch
            WHERE id BETWEEN ?1 AND ?2
            """
        )
        .bind(1, range.lowerBound).bind(2, range.upperBound)
        defer { statement.reset() }
        guard try statement.step() else { return }
        pendingBatches += statement.integer(0)
        pendingRecounted += statement.integer(1)
        if !statement.isNull(2) {
            oldestPendingNs = min(oldestPendingNs ?? .max, statement.integer(2))
        }
    }
}
