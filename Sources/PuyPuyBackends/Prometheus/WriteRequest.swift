internal import PuyPuyCore

/// What the encoder made of one block of points: a request of remote write, and which points are in
/// it.
struct WriteRequest: Sendable {
    /// The samples of one series in a request.
    struct SeriesSamples: Sendable, Equatable {
        let series: SeriesID
        /// Milliseconds since the epoch, ascending, each once.
        let timesMs: ArraySlice<Int64>
    }

    /// The message, not compressed.
    var bytes: [UInt8] = []
    /// The rows that it carries, ascending. A row whose series has a later one at the same
    /// millisecond is among them: that one's value stands for both.
    var rows: [Int] = []
    /// The points that it does not carry, since the protocol cannot express them.
    var rejections: [Outcome.Rejection] = []
    /// The times of all samples, in the order of the message.
    var timesMs: [Int64] = []
    /// Each series with the end of its times in ``timesMs``.
    var series: [(id: SeriesID, end: Int)] = []

    /// The number of samples.
    var sampleCount: Int { timesMs.count }

    /// Each series with its times.
    var samples: [SeriesSamples] {
        series.enumerated().map { index, entry in
            let start = index == 0 ? 0 : series[index - 1].end
            return SeriesSamples(series: entry.id, timesMs: timesMs[start..<entry.end])
        }
    }

    /// Forgets the request and keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        rejections.removeAll(keepingCapacity: true)
        timesMs.removeAll(keepingCapacity: true)
        series.removeAll(keepingCapacity: true)
    }

    /// All points are confirmed but `rejected` rows, and those that were not sent.
    func acceptedExcept(_ rejected: [Int] = [], reason: String = "") -> Outcome {
        let refused = rejected.map { Outcome.Rejection(row: $0, reason: reason) }
        let all = (refused + rejections).sorted { $0.row < $1.row }
        return all.isEmpty ? .accepted : .acceptedExcept(all)
    }
}
