internal import PuyPuyCore

/// Checks a whole spool: SQLite's structure, every batch, every series that a batch names, pending
/// ranges and books.
///
/// Reads only, and works beside the daemon. The check of the structure is one read transaction, and so
/// is the one of the books; batches are read in short ones. Batches that are committed after the start
/// are not looked at. Belongs to the thread of its reader.
public final class Verifier {
    private let connection: Connection
    private let reader: SpoolReader
    private var findings = Verification()
    private var knownSeries: Set<SeriesID> = []

    /// A check of what `reader` reads, on its thread.
    public init(_ reader: SpoolReader) {
        self.reader = reader
        connection = reader.connection
    }

    /// Checks everything. `progress` is called often, with the part of the batches that was looked at,
    /// from 0 to 1. Damage is found, not thrown; throws when the file cannot be read for another
    /// reason.
    public func run(
        progress: (Double) -> Void = { _ in }
    ) throws(SpoolError) -> Verification {
        progress(0)
        try checkStructure()
        try checkBatches(progress)
        try checkAccounts()
        return findings
    }

    private func checkStructure() throws(SpoolError) {
        try finding { (findings) throws(SpoolError) in
            let statement = try connection.statement(
                "PRAGMA integrity_check(\(Verification.listed))")
            defer { statement.reset() }
            while try statement.step() {
                let words = statement.text(0)
                if words != "ok" { findings.structure.append(words) }
            }
        }
        try finding { (findings) throws(SpoolError) in
            let statement = try connection.statement("PRAGMA foreign_key_check")
            defer { statement.reset() }
            while findings.structure.count < 2 * Verification.listed, try statement.step() {
                findings.structure.append(
                    "a row of \(statement.text(0)) names a \(statement.text(2)) that is not there")
            }
        }
    }

    /// Runs `body`, and turns damage that it meets into a finding.
    private func finding(
        _ body: (inout Verification) throws(SpoolError) -> Void
    ) throws(SpoolError) {
        do {
            try body(&findings)
        } catch  where error.kind == .damaged {
            if !findings.structure.contains(error.cause) { findings.structure.append(error.cause) }
        }
    }

    private func checkBatches(_ progress: (Double) -> Void) throws(SpoolError) {
        var first: BatchID = 1
        var last: BatchID = 0
        try finding { (_) throws(SpoolError) in
            last = try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'batch'")
        }
        try finding { (_) throws(SpoolError) in
            last = max(last, try reader.newestBatch())
        }
        try finding { (_) throws(SpoolError) in
            first = max(1, try connection.integer("SELECT coalesce(min(id), 1) FROM batch"))
        }
        guard first <= last else { return }
        var walk = BatchWalk(connection)
        try walk.run(first...last) { (row) throws(SpoolError) in
            try check(row)
            progress(Double(row.integer(0) - first + 1) / Double(last - first + 1))
        }
        findings.unreadable = walk.unreadable
    }

    private func check(_ row: Statement) throws(SpoolError) {
        let batch = row.integer(0)
        let points = row.integer(4)
        findings.batches += 1
        findings.points += points
        func damaged(_ reason: String) -> Verification.DamagedBatch {
            Verification.DamagedBatch(
                batch: batch, committedNs: row.integer(1), points: points, reason: reason)
        }
        switch row.decodeBatch(5) {
        case .failure(let damage): findings.add(damaged("\(damage)"))
        case .success(let block):
            if Int64(block.count) != points {
                findings.add(
                    damaged("its row says \(points) points, its bytes hold \(block.count)"))
            } else if block.timestampsNs.min() ?? 0 != row.integer(2)
                || block.timestampsNs.max() ?? 0 != row.integer(3)
            {
                findings.add(damaged("its row says other times than its bytes"))
            }
            try checkSeries(of: block, batch)
        }
    }

    private func checkSeries(
        of block: PointBlock, _ batch: BatchID
    ) throws(SpoolError) {
        if knownSeries.count > KnownSeries.most { knownSeries.removeAll() }
        for id in Set(block.seriesIDs) where !knownSeries.contains(id) {
            var isThere = false
            // Damage of the table of series is one finding, not one for each number.
            try finding { (_) throws(SpoolError) in
                let statement = try connection.statement("SELECT 1 FROM series WHERE id = ?1")
                    .bind(1, id)
                defer { statement.reset() }
                isThere = try statement.step()
            }
            if isThere {
                knownSeries.insert(id)
            } else {
                findings.add(Verification.MissingSeries(series: id, batch: batch))
            }
        }
    }

    private func checkAccounts() throws(SpoolError) {
        try finding { (findings) throws(SpoolError) in
            let without = try connection.statement(
                "SELECT name FROM backend WHERE id NOT IN (SELECT backend FROM ledger)")
            defer { without.reset() }
            while try without.step() {
                findings.accounts.append("the backend \(without.text(0)) has no books")
            }
        }
        try checkRanges()
        guard findings.accounts.isEmpty else { return }
        try finding { (findings) throws(SpoolError) in
            findings.backends = try reader.audit()
            for backend in findings.backends where !backend.balances {
                findings.accounts.append(
                    "the books of \(backend.name) do not balance: \(backend.ledger.collected)"
                        + " collected, \(backend.ledger.accounted) accounted for,"
                        + " \(backend.ledger.pending) pending of which"
                        + " \(backend.pendingRecounted) are there")
            }
        }
    }

    /// Numbers inside of a range may lack a batch, since a backfill reaches over what was deleted by
    /// then; the books know of none of them. A range that reaches beyond every number that was given
    /// is damage, and so are ranges that overlap.
    private func checkRanges() throws(SpoolError) {
        try finding { (findings) throws(SpoolError) in
            let statement = try connection.statement(
                """
                SELECT name, first_batch, last_batch,
                    lead(first_batch) OVER (PARTITION BY backend ORDER BY first_batch),
                    (SELECT seq FROM sqlite_sequence WHERE name = 'batch')
                FROM pending_range JOIN backend ON id = backend
                """)
            defer { statement.reset() }
            while findings.accounts.count < Verification.listed, try statement.step() {
                let name = statement.text(0)
                let first = statement.integer(1)
                let last = statement.isNull(2) ? BatchID.max : statement.integer(2)
                let words = "\(name) is said to wait for batches from \(first)"
                if last < first {
                    findings.accounts.append("\(words) to \(last)")
                } else if !statement.isNull(3), last >= statement.integer(3) {
                    findings.accounts.append(
                        "\(words) on twice: another range begins at \(statement.integer(3))")
                } else if last != .max, last > statement.integer(4) {
                    findings.accounts.append(
                        "\(words) to \(last), and none has a higher number than"
                            + " \(statement.integer(4))")
                }
            }
        }
    }
}
