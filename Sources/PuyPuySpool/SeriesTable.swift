internal import PuyPuyCore

/// Numbers for series: each is stored once, and known by number from then on.
///
/// `last_batch` says which series are still in use without a write for every batch: it is brought up
/// to date when it lags by ``lag`` batches. A series whose `last_batch` lies more than that before
/// the oldest batch is used by none.
///
/// A check brings the same series in the same order, run after run. So the series of its last run are
/// kept by their places, where the next run is compared with them instead of being looked up.
struct SeriesTable {
    /// By how many batches `last_batch` may lag.
    static let lag: BatchID = 1_024
    /// The runs of so many checks are kept.
    private static let checksKept = 1_000

    fileprivate struct Known {
        let id: SeriesID
        var lastBatch: BatchID
    }

    /// What a check brought in one place of its last run.
    fileprivate struct Place {
        let series: Series
        let known: Known
    }

    private var known: [Series: Known] = [:]
    private var places: [String: [Place]] = [:]
    /// What the open transaction changed, to be undone when it fails.
    private var undo: [(series: Series, before: Known?)] = []

    /// The number of `series`, which batch `batch` is about to use. Runs in the caller's transaction,
    /// which ends with ``committed()`` or ``rolledBack()``.
    mutating func number(
        _ series: Series, usedBy batch: BatchID, in connection: Connection
    ) throws(SpoolError) -> SeriesID {
        try look(up: series, usedBy: batch, in: connection).id
    }

    /// The numbers of a run of one check, place by place.
    struct RunNumbers {
        fileprivate var places: [Place]
        fileprivate var next = 0
    }

    /// Begins a run of `check`. Give it back with ``end(_:of:)``.
    mutating func begin(_ check: String) -> RunNumbers {
        // Taken, so that there is no second owner and it changes in place.
        RunNumbers(places: places.removeValue(forKey: check) ?? [])
    }

    /// As ``number(_:usedBy:in:)``, of the next series in a run.
    @inline(__always)
    mutating func number(
        _ series: Series, in run: inout RunNumbers, usedBy batch: BatchID,
        in connection: Connection
    ) throws(SpoolError) -> SeriesID {
        let place = run.next
        run.next += 1
        if place < run.places.count, run.places[place].series == series,
            batch - run.places[place].known.lastBatch <= Self.lag
        {
            return run.places[place].known.id
        }
        let known = try look(up: series, usedBy: batch, in: connection)
        let found = Place(series: series, known: known)
        if place < run.places.count {
            run.places[place] = found
        } else {
            run.places.append(found)
        }
        return known.id
    }

    /// Ends a run of `check`.
    mutating func end(_ run: consuming RunNumbers, of check: String) {
        if places.count >= Self.checksKept { places.removeAll() }
        places[check] = run.places
    }

    private mutating func look(
        up series: Series, usedBy batch: BatchID, in connection: Connection
    ) throws(SpoolError) -> Known {
        if let entry = known[series], batch - entry.lastBatch <= Self.lag { return entry }
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
        let entry = Known(id: id, lastBatch: batch)
        undo.append((series, known.updateValue(entry, forKey: series)))
        return entry
    }

    /// The transaction is durable.
    mutating func committed() { undo.removeAll(keepingCapacity: true) }

    /// The transaction is undone.
    mutating func rolledBack() {
        for (series, before) in undo.reversed() { known[series] = before }
        if !undo.isEmpty { places.removeAll() }
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
        if deleted > 0 {
            known = known.filter { $0.value.lastBatch >= oldest - Self.lag }
            places.removeAll()
        }
        return deleted
    }
}
