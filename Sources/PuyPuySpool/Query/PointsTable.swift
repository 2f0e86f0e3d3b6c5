internal import PuyPuyCore

/// The retained points as a table of a query. Batches are decoded when a row of theirs is asked for,
/// unit by unit, and no read transaction is open in between.
final class PointsTable: QueryTable {
    /// Points in hand of a cursor at a time: some hundred kilobytes.
    static let pointsPerUnit = 10_000

    static let name = "points"
    static let columns = [
        (name: "time", type: "TEXT"), (name: "time_ns", type: "INTEGER"),
        (name: "metric", type: "TEXT"), (name: "value", type: ""), (name: "host", type: "TEXT"),
        (name: "tags", type: "TEXT"),
    ]

    fileprivate enum Column: Int {
        case time, timeNs, metric, value, host, tags
    }

    let reader: SpoolReader
    /// What is committed later is not looked at, so that a query comes to an end.
    let newest: BatchID
    let isOver: () -> Bool
    private let points: Int64
    private(set) var failure: SpoolError?
    /// Batches that were decoded, each time.
    fileprivate(set) var batchesRead = 0
    /// Batches that could not be.
    fileprivate(set) var damaged: Set<BatchID> = []

    /// The points that `reader` has now. A cursor gives up when `isOver` says so.
    init(_ reader: SpoolReader, isOver: @escaping () -> Bool) throws(SpoolError) {
        self.reader = reader
        self.isOver = isOver
        newest = try reader.newestBatch()
        points = try reader.pointsInHistory(fromNs: .min, toNs: .max)
    }

    func uses(_ comparison: QueryCondition.Comparison, on column: Int) -> Bool {
        switch Column(rawValue: column) {
        case .time, .timeNs: true
        case .metric: comparison == .equal
        default: false
        }
    }

    func cost(_ conditions: [(column: Int, comparison: QueryCondition.Comparison)]) -> Double {
        var rows = Double(max(100, points))
        for condition in conditions {
            let isTime = condition.column != Column.metric.rawValue
            rows /= condition.comparison == .equal ? isTime ? 1_000 : 2 : 4
        }
        return max(1, rows)
    }

    func makeCursor() -> any QueryCursor { PointsCursor(self) }

    func note(_ failure: SpoolError) { self.failure = self.failure ?? failure }
}

private final class PointsCursor: QueryCursor {
    /// So many series are remembered before starting afresh.
    private static let seriesKept = 20_000

    private struct KnownSeries {
        let metric: String
        let host: String?
        let tags: String
        /// Whether the conditions leave it in.
        let isMeant: Bool
    }

    private let table: PointsTable
    private var times = Int64.min...Int64.max
    private var metric: String?
    private var batch: BatchID = 0
    private var block = PointBlock()
    private var ends: [(batch: BatchID, row: Int)] = []
    private var row = 0
    private var known: [SeriesID: KnownSeries] = [:]
    private(set) var isAtEnd = true

    init(_ table: PointsTable) { self.table = table }

    func begin(_ conditions: [QueryCondition]) throws(SpoolError) {
        batch = 0
        block = PointBlock()
        row = -1
        metric = nil
        known = [:]
        var bounds: ClosedRange<Int64>? = .min ... .max
        for condition in conditions {
            if condition.column == PointsTable.Column.metric.rawValue {
                // Another one leaves nothing in; SQLite finds that out by itself.
                if case .text(let name) = condition.value { metric = metric ?? name }
            } else if let range = Self.times(condition) {
                bounds = bounds.flatMap { $0.overlaps(range) ? $0.clamped(to: range) : nil }
            } else {
                bounds = nil
            }
        }
        isAtEnd = bounds == nil
        times = bounds ?? times
        if !isAtEnd { try advance() }
    }

    func advance() throws(SpoolError) {
        row += 1
        while true {
            while row < block.count {
                if times.contains(block.timestampsNs[row]), series.isMeant { return }
                row += 1
            }
            guard try load() else {
                isAtEnd = true
                return
            }
        }
    }

    /// The batch, and the place in it in the lower bits: a batch has at most 2^20 points.
    var rowNumber: Int64 {
        let index = ends.firstIndex { row < $0.row } ?? 0
        return ends[index].batch << 20 | Int64(row - (index == 0 ? 0 : ends[index - 1].row))
    }

    func value(_ column: Int) -> QueryValue {
        switch PointsTable.Column(rawValue: column) {
        case .time: .text(TimeText.text(ns: block.timestampsNs[row]))
        case .timeNs: .integer(block.timestampsNs[row])
        case .metric: .text(series.metric)
        case .value:
            switch block.values[row] {
            case .double(let double): .real(double)
            case .integer(let integer): .integer(integer)
            }
        case .host: series.host.map { .text($0) } ?? .null
        case .tags: .text(series.tags)
        case nil: .null
        }
    }

    private var series: KnownSeries {
        let id = block.seriesIDs[row]
        if let series = known[id] { return series }
        if known.count >= Self.seriesKept { known.removeAll() }
        let found = table.reader.series(id)
        let series = KnownSeries(
            metric: found.metric, host: found.tags["host"], tags: "\(found.tags)",
            isMeant: metric.map { $0.utf8.elementsEqual(found.metric.utf8) } ?? true)
        known[id] = series
        return series
    }

    /// Loads the next unit; false when there is none.
    private func load() throws(SpoolError) -> Bool {
        if table.isOver() { throw .takesTooLong }
        guard
            let unit = try table.reader.history(
                after: batch, upTo: table.newest, fromNs: times.lowerBound,
                toNs: times.upperBound, maxPoints: PointsTable.pointsPerUnit)
        else { return false }
        batch = unit.batches.upperBound
        block = unit.block
        ends = unit.ends
        row = 0
        table.batchesRead += unit.ends.count + unit.damaged.count
        table.damaged.formUnion(unit.damaged.map(\.batch))
        return true
    }

    /// The times that a condition on `time` or `time_ns` leaves in; all of them when it is of another
    /// kind than the column, which SQLite sorts out, and `nil` for none.
    private static func times(_ condition: QueryCondition) -> ClosedRange<Int64>? {
        // The first time that is not less than the value, and the first that is greater.
        let atLeast: Int64?
        let greater: Int64?
        switch (condition.value, condition.column == PointsTable.Column.time.rawValue) {
        case (.text(let text), true):
            atLeast = TimeText.firstNs(notBefore: text)
            greater = TimeText.firstNs(after: text)
        case (.integer(let ns), false):
            atLeast = ns
            greater = ns == .max ? nil : ns + 1
        case (.real(let ns), false):
            atLeast = whole(ns.rounded(.up))
            let floor = ns.rounded(.down)
            greater = whole(floor).flatMap {
                Double($0) > floor ? $0 : $0 == .max ? nil : $0 + 1
            }
        default: return .min ... .max
        }
        switch condition.comparison {
        case .equal: return range(from: atLeast, before: greater)
        case .greater: return range(from: greater, before: nil)
        case .atLeast: return range(from: atLeast, before: nil)
        case .less: return range(from: .min, before: atLeast)
        case .atMost: return range(from: .min, before: greater)
        }
    }

    /// The first time that is not before a whole number; `nil` when it is beyond all times.
    private static func whole(_ number: Double) -> Int64? {
        Int64(exactly: number) ?? (number < 0 ? .min : nil)
    }

    /// The times from `first` on that come before `end`, where there is one; `nil` for none.
    private static func range(from first: Int64?, before end: Int64?) -> ClosedRange<Int64>? {
        guard let first else { return nil }
        guard let end else { return first ... .max }
        return first < end ? first...(end - 1) : nil
    }
}

extension SpoolError {
    /// A query is over its time.
    static let takesTooLong = SpoolError(
        operation: "cannot go on with", subject: "the query",
        cause: "it takes longer than its time",
        hint: "narrow it by time or metric, or give it more time")
}
