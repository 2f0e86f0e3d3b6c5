internal import CSQLite

/// A query in SQL over the retained points of a spool.
///
/// There are two tables, which are made from the spool as they are read: `points` with `time` (RFC
/// 3339, UTC), `time_ns`, `metric`, `value`, `host` and `tags`, and `series` with `metric`, `host` and
/// `tags`; and a function `tag(tags, key)`. SQLite sees nothing else: it works on a database in
/// memory, and its own tables of the spool cannot be named.
///
/// Batches are read in short transactions of some 10,000 points, of which none is open between two
/// of them. So a query sees no one moment: batches that housekeeping deletes meanwhile are missing,
/// and what is committed after its start is not looked at. Belongs to one thread at a time.
public final class PointQuery {
    /// The names of the columns, in their order.
    public let columns: [String]
    private let statement: QueryStatement
    private let points: PointsTable
    private let series: SeriesListTable
    private let time: QueryTime

    /// The query `sql` over what `reader` has, which may work for `timeout` in all. Throws when it is
    /// not one statement that only reads.
    public init(
        _ sql: String, of reader: SpoolReader, timeout: Duration = .seconds(10)
    ) throws(SpoolError) {
        let time = QueryTime(timeout)
        let isOver = { time.isOver }
        points = try PointsTable(reader, isOver: isOver)
        series = SeriesListTable(reader, isOver: isOver)
        let connection = try QueryConnection(
            [QueryModule(points), QueryModule(series)], isOver: isOver)
        statement = try time.whileRunning { () throws(SpoolError) in try connection.prepare(sql) }
        self.time = time
        columns = statement.columns
    }

    /// The next row; `nil` when there is none. Throws when the time is over, when it takes too much
    /// memory, when a value is larger than 1 MB, and when the spool cannot be read.
    public func next() throws(SpoolError) -> [QueryValue]? {
        do {
            return try time.whileRunning { () throws(SpoolError) in try statement.next() }
        } catch {
            guard let failure = points.failure ?? series.failure else { throw error }
            // The bound of the memory is one for all connections of the process.
            throw failure.cause == "out of memory" ? .takesTooMuchMemory : failure
        }
    }

    /// Batches that were decoded so far, each time.
    public var batchesRead: Int { points.batchesRead }

    /// Batches that are damaged, whose points are left out.
    public var damagedBatches: Int { points.damaged.count }

    /// Bounds the memory of SQLite in this process, that of other connections included: sorting and
    /// grouping take it. For programs that do nothing else.
    public static func limitMemory(bytes: Int64) { sqlite3_hard_heap_limit64(bytes) }
}
