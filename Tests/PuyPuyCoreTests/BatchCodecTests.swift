import PuyPuyCore
import TestSupport
import Testing

struct BatchCodecTests {
    private func decode(_ bytes: [UInt8]) throws(BatchDamage) -> PointBlock {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(BatchDamage) in try BatchCodec.decode(bytes) }
        }
        return try result.get()
    }

    /// Points of every kind, with the extremes among them.
    private func randomBlock(_ random: inout SeededGenerator) -> PointBlock {
        var block = PointBlock()
        let specials: [Value] = [
            .double(0), .double(-0.0), .double(.pi), .double(.leastNonzeroMagnitude),
            .double(-1.7e308),
            .double(.greatestFiniteMagnitude), .double(1e22), .double(0.1), .integer(.max),
            .integer(.min), .integer(0), .integer(-1), .double(9_007_199_254_740_992),
            .double(.nan), .double(.infinity),
        ]
        for _ in 0..<Int.random(in: 0...300, using: &random) {
            let value: Value =
                switch Int.random(in: 0..<5, using: &random) {
                case 0: specials.randomElement(using: &random)!
                case 1: .integer(Int64.random(in: .min ... .max, using: &random))
                case 2: .double(Double(bitPattern: random.next()))
                case 3: .double(Double(Int.random(in: -100_000...100_000, using: &random)) / 100)
                default: .integer(Int64.random(in: 0...1000, using: &random))
                }
            block.append(
                series: Int64.random(in: 1...(random.next() % 2 == 0 ? 9 : .max), using: &random),
                timestampNs: random.next() % 3 == 0
                    ? Int64.random(in: .min ... .max, using: &random) : 1_700_000_000_000_000_000,
                value: value)
        }
        return block
    }

    @Test(arguments: 0..<300)
    func `any points come back with the same bits`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let block = randomBlock(&random)
        #expect(try decode(BatchCodec.encode(block)) == block)
    }

    @Test func `every damaged byte is found`() {
        var random = SeededGenerator(seed: 7)
        var block = randomBlock(&random)
        while block.count < 20 { block = randomBlock(&random) }
        let bytes = BatchCodec.encode(block)
        for index in bytes.indices {
            for mask in [0x01, 0x80, 0xFF, UInt8.random(in: 1...255, using: &random)] {
                var damaged = bytes
                damaged[index] ^= mask
                #expect(throws: BatchDamage.self) { try decode(damaged) }
            }
        }
    }

    @Test func `bytes that are cut off or added are found`() {
        var block = PointBlock()
        for row in 0..<50 {
            block.append(series: Int64(row), timestampNs: 5, value: .double(Double(row) / 7))
        }
        let bytes = BatchCodec.encode(block)
        for length in bytes.indices {
            #expect(throws: BatchDamage.self) { try decode(Array(bytes[..<length])) }
        }
        #expect(throws: BatchDamage.self) { try decode(bytes + [0]) }
    }

    @Test func `hostile bytes with a right checksum are refused, not trusted`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            var body: [UInt8] = [BatchCodec.version]
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                body.append(UInt8.random(in: 0...255, using: &random))
            }
            let sum = crc32c(body)
            body += (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
            if let block = try? decode(body) { #expect(block.count <= BatchCodec.maxPoints) }
        }
    }

    @Test func `a count that the bytes cannot hold is refused before there is memory for it`() {
        var body: [UInt8] = [BatchCodec.version, 0x80, 0x80, 0x40]
        // Three columns of one pair each, a million zeros.
        for _ in 0..<3 { body += [1, 0, 0x80, 0x80, 0x40] }
        let sum = crc32c(body)
        body += (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
        #expect(throws: BatchDamage.truncated) { try decode(body) }
    }

    @Test func `the checksum is CRC-32C as RFC 3720 has it`() {
        // Appendix B.4: 32 zero bytes give aa 36 91 8a, in the order of transmission.
        #expect(crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc32c(Array("123456789".utf8)) == 0xE306_9283)
    }

    @Test func `a batch of a later version is refused by name`() {
        var bytes: [UInt8] = [BatchCodec.version + 1, 0, 0, 0]
        let sum = crc32c(bytes)
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
        #expect(throws: BatchDamage.unknownVersion(BatchCodec.version + 1)) { try decode(bytes) }
    }

    @Test func `a batch of 1,000 mixed gauges takes at most 9 bytes a point`() {
        var random = SeededGenerator(seed: 3)
        var block = PointBlock()
        for series in 1...1000 {
            let value: Value =
                switch series % 4 {
                case 0: .double(Double.random(in: 0...100, using: &random))
                case 1: .double(Double(Int.random(in: 0...10_000, using: &random)) / 100)
                case 2: .integer(Int64.random(in: 0...(64 << 30), using: &random))
                default: .double(Double.random(in: 0...1e9, using: &random))
                }
            block.append(
                series: Int64(series), timestampNs: 1_763_900_000_000_000_000, value: value)
        }
        let size = Double(BatchCodec.encode(block).count) / 1000
        #expect(size <= 9, "\(size) bytes a point")
    }

    /// Bit by bit, unlike the program's table.
    private func crc32c(_ bytes: [UInt8]) -> UInt32 {
        var remainder = ~UInt32(0)
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 {
                remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0x82F6_3B78 : 0)
            }
        }
        return ~remainder
    }
}
