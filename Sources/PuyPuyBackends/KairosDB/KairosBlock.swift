internal import PuyPuyCore

/// What the encoder made of one block of points for KairosDB: a request body, and which part of it is
/// which row.
///
/// The body is an array of metric objects, one for each series, in the order in which the series
/// first come.
struct KairosBlock: Sendable {
    /// The body.
    var bytes: [UInt8] = []
    /// The rows in the order of the body.
    var rows: [Int] = []
    /// Where the points of each metric object begin in `rows`.
    var starts: [Int] = []
    /// The name of each metric object.
    var names: [String] = []
    /// The points that are not in the body, since the protocol cannot express them.
    var rejections: [Outcome.Rejection] = []

    /// The number of points in the body.
    var count: Int { rows.count }

    /// Forgets the points and keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
        rejections.removeAll(keepingCapacity: true)
    }

    /// The rows of metric object `number`, in the order of its data points.
    func rows(ofMetric number: Int) -> ArraySlice<Int> {
        rows[starts[number]..<(number + 1 < starts.count ? starts[number + 1] : rows.count)]
    }
}
