/// The points of one series in buckets of equal length, each with its smallest and largest value
/// and their mean: what a chart needs of any number of points.
///
/// Points come in any order. The memory is that of the buckets, whatever the points are.
public struct PointBuckets: Sendable, Hashable {
    /// What the points of one bucket were.
    public struct Bucket: Sendable, Hashable {
        /// How many there are; the rest means nothing when there are none.
        public var count = 0
        /// The smallest value.
        public var min = 0.0
        /// The largest value.
        public var max = 0.0
        /// The mean of the values.
        public var mean = 0.0

        /// A bucket without points.
        public init() {}

        mutating func add(_ value: Double) {
            count += 1
            if count == 1 {
                (min, max, mean) = (value, value, value)
                return
            }
            min = Swift.min(min, value)
            max = Swift.max(max, value)
            // The difference of two values may be beyond all numbers; that of their parts is not.
            mean += value / Double(count) - mean / Double(count)
        }
    }

    /// When the first bucket begins, nanoseconds since the epoch.
    public let fromNs: Int64
    /// How long a bucket is, nanoseconds; positive.
    public let stepNs: Int64
    /// The buckets, in order: that with the number `i` begins at `fromNs + i * stepNs`, and ends before
    /// the next.
    public private(set) var buckets: [Bucket]

    /// So many empty buckets of `stepNs` nanoseconds.
    public init(fromNs: Int64, stepNs: Int64, count: Int) {
        precondition(stepNs > 0 && count >= 0)
        self.fromNs = fromNs
        self.stepNs = stepNs
        buckets = Array(repeating: Bucket(), count: count)
    }

    /// Adds a point; one that lies in no bucket is left out.
    public mutating func add(timestampNs: Int64, value: Double) {
        guard timestampNs >= fromNs else { return }
        let (distance, overflow) = timestampNs.subtractingReportingOverflow(fromNs)
        guard !overflow, distance / stepNs < Int64(buckets.count) else { return }
        buckets[Int(distance / stepNs)].add(value)
    }

    /// Adds the points of a block that are of `series`.
    public mutating func add(_ block: PointBlock, of series: SeriesID) {
        for row in 0..<block.count where block.seriesIDs[row] == series {
            add(timestampNs: block.timestampsNs[row], value: block.values[row].asDouble)
        }
    }

    /// The buckets that have points, with their numbers.
    public var filled: [(number: Int, bucket: Bucket)] {
        buckets.enumerated().filter { $0.element.count > 0 }.map { ($0.offset, $0.element) }
    }
}
