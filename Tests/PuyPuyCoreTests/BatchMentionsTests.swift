import PuyPuyCore
import TestSupport
import Testing

/// What a look at a batch's first column says, against the decoded batch.
@Suite struct BatchMentionsTests {
    private func mentions(_ series: Set<SeriesID>, _ bytes: [UInt8]) throws -> Bool {
        try bytes.withUnsafeBytes { bytes throws(BatchDamage) in
            try BatchCodec.mentions(anyOf: series, bytes)
        }
    }

    @Test func `a batch mentions the series of its points and no other`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            var block = PointBlock()
            for row in 0..<Int.random(in: 1...80, using: &random) {
                block.append(
                    series: Int64.random(in: 1...40, using: &random), timestampNs: Int64(row),
                    value: .integer(1))
            }
            let bytes = BatchCodec.encode(block)
            for id in 0...41 {
                #expect(
                    try mentions([Int64(id)], bytes) == block.seriesIDs.contains(Int64(id)),
                    "\(id) of \(block.seriesIDs)")
            }
            #expect(try mentions([], bytes) == false)
        }
    }

    @Test func `columns that repeat a difference are read whole`() throws {
        for ids in [Array(1...500), Array(repeating: 7, count: 300), [3, 3, 3, 9, 9, 12, 15, 18]] {
            var block = PointBlock()
            for id in ids { block.append(series: Int64(id), timestampNs: 0, value: .integer(1)) }
            let bytes = BatchCodec.encode(block)
            for id in Set(ids) { #expect(try mentions([Int64(id)], bytes)) }
            #expect(try mentions([Int64(ids.max()! + 1)], bytes) == false)
        }
    }

    @Test func `bytes that are no batch are found or answered, never a crash`() throws {
        var block = PointBlock()
        for id in 1...50 {
            block.append(series: Int64(id * id), timestampNs: 0, value: .integer(1))
        }
        let whole = BatchCodec.encode(block)
        for length in 0..<whole.count { _ = try? mentions([-1], Array(whole.prefix(length))) }
        for place in whole.indices {
            var bytes = whole
            for bit in 0..<8 {
                bytes[place] ^= 1 << UInt8(bit)
                _ = try? mentions([-1], bytes)
            }
        }
        #expect(throws: BatchDamage.unknownVersion(9)) { try mentions([1], [9, 1, 0, 2, 0]) }
        #expect(throws: BatchDamage.truncated) { try mentions([1], [1, 2, 0]) }
    }
}
