import PuyPuyCore
import TestSupport
import Testing

@Suite struct PointBucketsTests {
    @Test func `a point is in the bucket whose time it lies in, and outside in none`() {
        var buckets = PointBuckets(fromNs: 100, stepNs: 10, count: 3)
        for time: Int64 in [99, 100, 109, 110, 129, 130, .min, .max] {
            buckets.add(timestampNs: time, value: Double(time))
        }
        #expect(buckets.filled.map(\.number) == [0, 1, 2])
        #expect(buckets.filled.map(\.bucket.count) == [2, 1, 1])
        #expect(buckets.buckets[0].min == 100 && buckets.buckets[0].max == 109)
        #expect(buckets.buckets[0].mean == 104.5)
    }

    @Test func `smallest, largest and mean are those of the values in whatever order they come`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let values = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                Double.random(in: -1e6...1e6, using: &random)
            }
            var buckets = PointBuckets(fromNs: 0, stepNs: 1, count: 1)
            for value in values { buckets.add(timestampNs: 0, value: value) }
            let bucket = buckets.buckets[0]
            let mean = values.reduce(0, +) / Double(values.count)
            #expect(bucket.count == values.count)
            #expect(bucket.min == values.min() && bucket.max == values.max())
            #expect(abs(bucket.mean - mean) < 1e-6)
        }
    }

    @Test func `values at both ends of all numbers have a mean that is a number`() {
        let most = Double.greatestFiniteMagnitude
        for values in [[most, -most, most], [most, most, most], [-most, most], [-most, -most]] {
            var buckets = PointBuckets(fromNs: 0, stepNs: 1, count: 1)
            for value in values { buckets.add(timestampNs: 0, value: value) }
            #expect(buckets.buckets[0].mean.isFinite)
        }
    }

    @Test func `times at both ends of all times are left out, not a crash`() {
        var buckets = PointBuckets(fromNs: .min, stepNs: .max, count: 2)
        buckets.add(timestampNs: .max, value: 1)
        buckets.add(timestampNs: .min, value: 2)
        #expect(buckets.buckets[0].count == 1)
    }

    @Test func `of a block only the rows of the series are taken`() {
        var block = PointBlock()
        for row in 0..<10 {
            block.append(
                series: Int64(row % 2 + 1), timestampNs: Int64(row), value: .integer(Int64(row)))
        }
        var buckets = PointBuckets(fromNs: 0, stepNs: 100, count: 1)
        buckets.add(block, of: 2)
        #expect(buckets.buckets[0].count == 5)
        #expect(buckets.buckets[0].min == 1 && buckets.buckets[0].max == 9)
    }
}
