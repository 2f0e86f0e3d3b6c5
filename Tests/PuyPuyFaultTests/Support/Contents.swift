import PuyPuyCore
import PuyPuySpool
import TestSupport

/// All points of a spool or of a database: by series, the bits of the value at each time.
struct Contents {
    private(set) var series: [Series: [Int64: UInt64]] = [:]
    /// The number of points; in a spool also of those that repeat one in series and time.
    private(set) var count = 0

    /// The retained points of the spool at `path`, delivered or not.
    init(ofSpool path: String) throws {
        let reader = try SpoolReader(path: path)
        var cursor: BatchID = 0
        while let unit = try reader.history(
            after: cursor, fromNs: .min, toNs: .max, maxPoints: 100_000)
        {
            cursor = unit.batches.upperBound
            for row in 0..<unit.block.count {
                add(
                    reader.series(unit.block.seriesIDs[row]), unit.block.timestampsNs[row],
                    unit.block.values[row].asDouble)
            }
        }
    }

    /// What a database gave back.
    init(_ points: [Series: [StoredPoint]]) {
        for (series, points) in points {
            for point in points { add(series, point.timestampNs, point.value) }
        }
    }

    private mutating func add(_ series: Series, _ timestampNs: Int64, _ value: Double) {
        self.series[series, default: [:]][timestampNs] = value.bitPattern
        count += 1
    }

    /// Adds the points of `other` that are not there.
    mutating func add(_ other: Contents) {
        for (series, points) in other.series {
            for (time, bits) in points where self.series[series]?[time] == nil {
                add(series, time, Double(bitPattern: bits))
            }
        }
    }

    /// The points that `other` does not have with the same value; at most a thousand.
    func missing(in other: Contents) -> [String] {
        var missing: [String] = []
        for (series, points) in series {
            let there = other.series[series] ?? [:]
            for (time, bits) in points where there[time] != bits && missing.count < 1_000 {
                missing.append("\(series) at \(time): \(Double(bitPattern: bits))")
            }
        }
        return missing
    }

    /// The points of the metrics that begin like this, with times in whole milliseconds.
    func milliseconds(ofMetricsWith prefix: String) -> Contents {
        var chosen = Contents([:])
        for (series, points) in series where series.metric.hasPrefix(prefix) {
            for (time, bits) in points {
                chosen.add(series, time / 1_000_000 * 1_000_000, Double(bitPattern: bits))
            }
        }
        return chosen
    }

    /// The values of all series of a metric.
    func values(of metric: String) -> [Double] {
        series.filter { $0.key.metric == metric }.values
            .flatMap { $0.values.map(Double.init(bitPattern:)) }
    }

    /// The books of a backend of the spool at `path`.
    static func books(_ path: String, backend: String = "influx") throws -> Ledger? {
        try SpoolReader(path: path).books().first { $0.name == backend }?.ledger
    }
}
