internal import PuyPuyCore

/// Samples that a server may or may not have stored, because the answer to their request is unknown.
///
/// Prometheus takes the samples of a series in the order of time. When a request was stored and its
/// answer was lost, the same samples are refused as out of order the next time. Such a refusal then
/// means that they are there.
struct DoubtfulSamples {
    /// So many samples are remembered: as many as the largest request can have.
    static let most = 1_000_000

    private struct Doubt {
        /// Ascending, each once.
        var timesMs: [Int64]
        /// The newest time of each doubtful request, ascending, each once.
        var endsMs: [Int64]
        /// The times up to here are stored.
        var storedThroughMs = Int64.min
    }

    private var doubts: [SeriesID: Doubt] = [:]
    /// The number of samples remembered.
    private(set) var count = 0

    /// The outcome of a request with these samples is unknown.
    mutating func note(_ request: WriteRequest) {
        if count + request.sampleCount > DoubtfulSamples.most { removeAll() }
        for samples in request.samples {
            guard let newest = samples.timesMs.last else { continue }
            var doubt = doubts[samples.series] ?? Doubt(timesMs: [], endsMs: [])
            count -= doubt.timesMs.count
            doubt.timesMs = DoubtfulSamples.union(doubt.timesMs, samples.timesMs)
            doubt.endsMs = DoubtfulSamples.union(doubt.endsMs, [newest])
            count += doubt.timesMs.count
            doubts[samples.series] = doubt
        }
    }

    /// A request with these samples is stored: there is no doubt about them any more.
    mutating func settle(_ request: WriteRequest) {
        guard !doubts.isEmpty else { return }
        for samples in request.samples {
            guard var doubt = doubts[samples.series] else { continue }
            let settled = Set(samples.timesMs)
            count -= doubt.timesMs.count
            doubt.timesMs.removeAll { settled.contains($0) }
            count += doubt.timesMs.count
            doubts[samples.series] = doubt.timesMs.isEmpty ? nil : doubt
        }
    }

    /// The server refuses a sample, alone in its request, because it has a newer one of its series.
    /// Returns whether that may be because a doubtful request was stored.
    ///
    /// If so, the earliest of those requests that goes on behind the sample was stored, and all of
    /// the series up to its end.
    mutating func resolve(_ series: SeriesID, outOfOrderMs timeMs: Int64) -> Bool {
        guard contains(series, timeMs), let doubt = doubts[series] else { return false }
        let end = doubt.endsMs.first { $0 > timeMs } ?? timeMs
        doubts[series]!.storedThroughMs = max(doubt.storedThroughMs, end)
        return true
    }

    /// Whether a doubtful request had the sample.
    func contains(_ series: SeriesID, _ timeMs: Int64) -> Bool {
        doubts[series].map { DoubtfulSamples.contains($0.timesMs, timeMs) } ?? false
    }

    /// Whether the server is known to have the sample of a doubtful request.
    func isStored(_ series: SeriesID, _ timeMs: Int64) -> Bool {
        guard let doubt = doubts[series], timeMs <= doubt.storedThroughMs else { return false }
        return contains(series, timeMs)
    }

    private mutating func removeAll() {
        doubts.removeAll()
        count = 0
    }

    private static func contains(_ sorted: [Int64], _ time: Int64) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == time
    }

    private static func union(_ left: [Int64], _ right: ArraySlice<Int64>) -> [Int64] {
        if left.isEmpty { return Array(right) }
        var merged: [Int64] = []
        for time in (left + right).sorted() where merged.last != time { merged.append(time) }
        return merged
    }
}
