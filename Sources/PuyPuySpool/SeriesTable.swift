internal import PuyPuyCore

/// Numbers for series: each is stored once, and known by number from then on.
///
/// `last_batch` says which series are still in use without a write for every batch: it is brought up
/// to date when it lags by ``lag`` batches. A series whose `last_batch` lies more than that before
/// the oldest batch is used by none.
struct SeriesTable {
    /// By how many batches `last_batch` may lag.
    static let lag: BatchID = 1_024

    private struct Known {
        let id: SeriesID
        var lastBatch: BatchID
    }

    private var known: [Series: Known] = [:]
    /// What the open transaction changed, to be undone when it fails.
    private var undo: [(series: Series, before: Known?)] = []

    /// The number of `series`, which batch `batch` is about to use. Runs in the caller's transaction,
    /// which ends with ``committed()`` or ``rolledBack()``.
    mutating func number(
        _ series: Series, usedBy batch: BatchID, in connection: Connection
    ) throws(SpoolError) -> SeriesID {
        if let entry = known[series], batch - entry.lastBatch <= Self.lag { return entry.id }
        let statement = try connection.statement(
            """
            INSERT INTO series (metric, tags, last_batch) VALUES (?1, ?2, ?3)
            ON CONFLICT (metric, tags) DO UPDATE SET last_batch = max(last_batch, ?3) RETURNING id
            """
        )
        .bind(1, series.metric).bind(2, series.tags.description).bind(3, batch)
        _ = try statement.step()
        let id = statement.integer(0)
        // RETURNING has done all its work by the first row; the next step ends the statement.
        _ = try statement.step()
        statement.reset()
        undo.append((series, known.updateValue(Known(id: id, lastBatch: batch), forKey: series)))
        return id
    }

    /// The transaction is durable.
    mutating func committed() { undo.removeAll(keepingCapacity: true) }

    /// The transaction is undone.
    mutating func rolledBack() {
        for (series, before) in undo.reversed() { known[series] = before }
        undo.removeAll(keepingCapacity: true)
    }

    /// Deletes series that neither a batch nor a dead letter uses. `oldest` is the oldest batch.
    /// Returns how many.
    mutating func deleteUnused(
        oldest: BatchID, in connection: Connection
    ) throws(SpoolError) -> Int {
        try connection.statement(
            """
            DELETE FROM series WHERE last_batch < ?1
                AND id NOT IN (SELECT series FROM dead_letter)
            """
        )
        .bind(1, oldest - Self.lag).run()
        let deleted = connection.changes
        if deleted > 0 { known = known.filter { $0.value.lastBatch >= oldest - Self.lag } }
        return deleted
    }
}
