internal import PuyPuyCore

/// The series that the spool knows as a table of a query: read page by page.
final class SeriesListTable: QueryTable {
    /// Series in hand at a time.
    static let seriesPerPage = 1_000

    static let name = "series"
    static let columns = [
        (name: "metric", type: "TEXT"), (name: "host", type: "TEXT"), (name: "tags", type: "TEXT"),
    ]

    let reader: SpoolReader
    let isOver: () -> Bool
    private(set) var failure: SpoolError?

    /// The series that `reader` has. A cursor gives up when `isOver` says so.
    init(_ reader: SpoolReader, isOver: @escaping () -> Bool) {
        self.reader = reader
        self.isOver = isOver
    }

    func uses(_ comparison: QueryCondition.Comparison, on column: Int) -> Bool { false }

    func cost(_ conditions: [(column: Int, comparison: QueryCondition.Comparison)]) -> Double {
        1_000
    }

    func makeCursor() -> any QueryCursor { SeriesListCursor(self) }

    func note(_ failure: SpoolError) { self.failure = self.failure ?? failure }
}

private final class SeriesListCursor: QueryCursor {
    private let table: SeriesListTable
    private var page: [(id: SeriesID, series: Series)] = []
    private var row = 0

    init(_ table: SeriesListTable) { self.table = table }

    var isAtEnd: Bool { row >= page.count }

    var rowNumber: Int64 { page[row].id }

    func begin(_ conditions: [QueryCondition]) throws(SpoolError) { try load(after: 0) }

    func advance() throws(SpoolError) {
        row += 1
        if row == page.count, let last = page.last { try load(after: last.id) }
    }

    func value(_ column: Int) -> QueryValue {
        let series = page[row].series
        return switch column {
        case 0: .text(series.metric)
        case 1: series.tags["host"].map { .text($0) } ?? .null
        default: .text("\(series.tags)")
        }
    }

    private func load(after id: SeriesID) throws(SpoolError) {
        if table.isOver() { throw .takesTooLong }
        page = try table.reader.series(after: id, limit: SeriesListTable.seriesPerPage)
        row = 0
    }
}
