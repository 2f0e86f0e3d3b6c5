/// Points in columns, with series by number: the form in which batches are stored and sent.
///
/// Row `i` is the point (`seriesIDs[i]`, `timestampsNs[i]`, `values[i]`). The columns have the
/// same length. Order is kept and means nothing.
public struct PointBlock: Sendable, Equatable {
    /// The series of each point.
    public private(set) var seriesIDs: [SeriesID] = []
    /// Nanoseconds since the Unix epoch, UTC, of each point.
    public private(set) var timestampsNs: [Int64] = []
    /// The value of each point.
    public private(set) var values: [Value] = []

    /// An empty block.
    public init() {}

    /// A block of three columns of equal length.
    public init(seriesIDs: [SeriesID], timestampsNs: [Int64], values: [Value]) {
        precondition(seriesIDs.count == timestampsNs.count && values.count == seriesIDs.count)
        self.seriesIDs = seriesIDs
        self.timestampsNs = timestampsNs
        self.values = values
    }

    /// The number of points.
    public var count: Int { seriesIDs.count }

    /// Makes room for `count` points in all.
    public mutating func reserveCapacity(_ count: Int) {
        seriesIDs.reserveCapacity(count)
        timestampsNs.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// Adds a point behind the last.
    public mutating func append(series: SeriesID, timestampNs: Int64, value: Value) {
        seriesIDs.append(series)
        timestampsNs.append(timestampNs)
        values.append(value)
    }

    /// Adds the points of `other` behind the last.
    public mutating func append(contentsOf other: PointBlock) {
        if seriesIDs.isEmpty {
            self = other
            return
        }
        seriesIDs.append(contentsOf: other.seriesIDs)
        timestampsNs.append(contentsOf: other.timestampsNs)
        values.append(contentsOf: other.values)
    }

    /// Forgets the points and keeps the memory.
    public mutating func removeAll() {
        seriesIDs.removeAll(keepingCapacity: true)
        timestampsNs.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }

    /// The points at `rows`, in that order.
    public func selecting(_ rows: some Collection<Int>) -> PointBlock {
        PointBlock(
            seriesIDs: rows.map { seriesIDs[$0] }, timestampsNs: rows.map { timestampsNs[$0] },
            values: rows.map { values[$0] })
    }

    /// The point in row `row`, with its series looked up in `catalog`.
    public func point(_ row: Int, in catalog: some SeriesCatalog) -> Point {
        Point(
            series: catalog.series(seriesIDs[row]), timestampNs: timestampsNs[row],
            value: values[row])
    }
}
