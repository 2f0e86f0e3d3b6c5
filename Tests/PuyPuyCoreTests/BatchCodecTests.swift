import TestSupport
import Testing

@testable import PuyPuyCore

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

    /// Blocks as checks bring them: series in a row, again and again, and values of one kind or of many.
    private func regularBlock(_ random: inout SeededGenerator) -> PointBlock {
        var block = PointBlock()
        let series = Int.random(in: 1...200, using: &random)
        let points = Int.random(in: 1...1_000, using: &random)
        let kind = Int.random(in: 0..<6, using: &random)
        let firstID = Int64.random(in: 1...1_000_000, using: &random)
        for row in 0..<points {
            let value: Value =
                switch kind {
                case 0: .double(12.5)
                case 1: .integer(Int64(row / series) * 1_000 + Int64(row % series))
                case 2: .double(Double(Int.random(in: -9_999...9_999, using: &random)) / 100)
                case 3: .double(Double.random(in: -1e9...1e9, using: &random))
                case 4: .integer(Int64.random(in: 0..<1 << 62, using: &random) >> (row % 62))
                default: row % 97 < 40 ? .integer(7) : .double(Double(row) / 7)
                }
            block.append(
                series: firstID + Int64(row % series),
                timestampNs: 1_763_900_000_000_000_000 + Int64(row / series) * 10_000_000_000,
                value: value)
        }
        return block
    }

    @Test(arguments: 0..<300)
    func `regular points come back with the same bits`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let block = regularBlock(&random)
        #expect(try decode(BatchCodec.encode(block)) == block)
    }

    @Test(arguments: 1...64)
    func `numbers of any width come back, wherever a block ends`(width: Int) throws {
        var random = SeededGenerator(seed: UInt64(width))
        for count in [1, 2, 7, 8, 9, 127, 128, 129, 300] {
            var block = PointBlock()
            for row in 0..<count {
                // The first number has the width, so that it decides.
                let bits = row == 0 ? UInt64.max : random.next()
                block.append(
                    series: 1, timestampNs: 0,
                    value: .integer(Int64(truncatingIfNeeded: bits >> UInt64(64 - width))))
            }
            #expect(try decode(BatchCodec.encode(block)) == block)
        }
    }

    @Test(arguments: [1, 31, 32, 33, 100, 127, 128, 129, 500])
    func `runs of equal values come back, wherever they begin`(length: Int) throws {
        for before in [0, 1, 15, 16, 17, 31, 100, 127, 128] {
            for after in [0, 1, 40] {
                var block = PointBlock()
                for row in 0..<(before + length + after) {
                    let isRun = (before..<(before + length)).contains(row)
                    block.append(
                        series: Int64(row * row), timestampNs: 7,
                        value: .integer(isRun ? 5 : Int64(row * 37 % 101) << 20))
                }
                #expect(try decode(BatchCodec.encode(block)) == block)
            }
        }
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

    @Test(arguments: [1, 2] as [UInt8])
    func `hostile bytes with a right checksum are refused, not trusted`(version: UInt8) {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            var body: [UInt8] = [version]
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                // Small numbers are counts and widths that may fit.
                let isSmall = random.next() % 2 == 0
                body.append(UInt8.random(in: 0...(isSmall ? 9 : 255), using: &random))
            }
            if let block = try? decode(sealed(body)) {
                #expect(block.count <= BatchCodec.maxPoints)
            }
        }
    }

    @Test func `a count that the bytes of version 1 cannot hold takes no memory`() {
        var body: [UInt8] = [1, 0x80, 0x80, 0x40]
        // Three columns of one pair each, a million zeros.
        for _ in 0..<3 { body += [1, 0, 0x80, 0x80, 0x40] }
        #expect(throws: BatchDamage.truncated) { try decode(sealed(body)) }
    }

    @Test func `a count over the largest takes no memory`() {
        // 65,537 points that are all alike.
        let body: [UInt8] = [2, 0x81, 0x80, 0x04, 0, 2, 0x80, 0, 2, 0x80, 0, 0x80, 20, 0x80, 0]
        #expect(throws: BatchDamage.malformed) { try decode(sealed(body)) }
    }

    @Test(
        "what does not fit into a column is refused",
        arguments: [
            // A block of no values, one of as many as are left, one of more, and an unknown width.
            [0x00, 0x00, 0x00], [0x00, 0x03, 0x00], [0x00, 0x04, 0x00], [0x80 | 66, 0x00],
            // A length of nine bytes.
            [0x80 | 65, 0x09, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        ] as [[UInt8]])
    func misfit(kinds: [UInt8]) {
        // Three points of series 1 at time 0, and then their kinds.
        let body: [UInt8] = [2, 3, 0, 2, 0x80, 0, 0, 0x80, 0] + kinds
        #expect(throws: BatchDamage.malformed) { try decode(sealed(body)) }
    }

    @Test func `batches that version 1 wrote are read`() throws {
        // docs/SPOOL.md of those releases had the first one as its example.
        let example: [UInt8] = [
            0x01, 0x01, 0x00, 0x02, 0x00, 0x80, 0x80, 0xFE, 0xF4, 0x8A, 0xED, 0xD0, 0xFA, 0x30,
            0x00,
            0x04, 0xA4, 0x13, 0x31, 0xBB, 0x95, 0x15,
        ]
        #expect(
            try decode(example)
                == PointBlock(
                    seriesIDs: [1], timestampsNs: [1_763_900_000_000_000_000],
                    values: [.double(12.34)]))
        // From the spool of a host: decimals, integers and whole doubles, pairs and plain columns.
        let stored = bytes(
            """
            010c001002020264020277020202020180908282b9c7b2ec3101ff8f8282b9c7b2ec3101000a0014000102020013\
            12000f0e0200808020aac51302c6245dd232902f412c3dfb971e00e340088080cad8800180c0978ff304fc09c4f2\
            2b02aa0d3b52
            """)
        let values: [Value] = [
            .integer(0), .integer(262_144), .double(0.000160085), .integer(1),
            .double(1034265.4108668796), .double(38912.956052417256), .double(0.4),
            .integer(17_272_750_080), .integer(84_170_436_608), .double(6.38), .double(0.000359586),
            .integer(1),
        ]
        #expect(
            try decode(stored)
                == PointBlock(
                    seriesIDs: [8, 9, 10, 11, 61, 62, 63, 3, 4, 5, 6, 7],
                    timestampsNs: [Int64](repeating: 1_795_921_530_000_000_000, count: 12),
                    values: values))
    }

    @Test func `one point is stored as docs/SPOOL.md says`() {
        let block = PointBlock(
            seriesIDs: [1], timestampsNs: [1_763_900_000_000_000_000], values: [.double(12.34)])
        #expect(
            BatchCodec.encode(block)
                == sealed([
                    0x02, 0x01, 0x00, 0x02, 0x80, 0x80, 0xFE, 0xF4, 0x8A, 0xED, 0xD0, 0xFA, 0x30,
                    0x80, 0x04, 0x80, 0xA4, 0x13,
                ]))
    }

    @Test func `the checksum is CRC-32C as RFC 3720 has it`() {
        // Appendix B.4: 32 zero bytes give aa 36 91 8a, in the order of transmission.
        #expect(crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc32c(Array("123456789".utf8)) == 0xE306_9283)
    }

    @Test func `the checksum is the same with and without the processor's instruction`() {
        var random = SeededGenerator(seed: 5)
        for count in [0, 1, 7, 8, 9, 63, 1_000] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let expected = crc32c(bytes)
            #expect(bytes.withUnsafeBytes { Checksum.crc32c($0) } == expected)
            #expect(bytes.withUnsafeBytes { Checksum.crc32cByTables($0) } == expected)
        }
    }

    @Test func `a batch of a later version is refused by name`() {
        let bytes = sealed([BatchCodec.version + 1, 0, 0, 0])
        #expect(throws: BatchDamage.unknownVersion(BatchCodec.version + 1)) { try decode(bytes) }
    }

    /// One point of each of 1,000 series at one time, ten times over when there are 10,000.
    @Test(arguments: [1_000, 10_000])
    func `points take few bytes`(points: Int) {
        var random = SeededGenerator(seed: 3)
        func bytesPerPoint(_ value: (inout SeededGenerator) -> Value) -> Double {
            var block = PointBlock()
            for row in 0..<points {
                block.append(
                    series: Int64(row % 1_000 + 1),
                    timestampNs: 1_763_900_000_000_000_000 + Int64(row / 1_000) * 10_000_000_000,
                    value: value(&random))
            }
            return Double(BatchCodec.encode(block).count) / Double(points)
        }
        let same = bytesPerPoint { _ in .double(99.5) }
        #expect(same <= 0.05)
        let gauges = bytesPerPoint { .double(Double(Int.random(in: 0...10_000, using: &$0)) / 100) }
        #expect(gauges <= 2)
        let counters = bytesPerPoint { .integer(Int64.random(in: 0..<1 << 38, using: &$0)) }
        #expect(counters <= 5)
        let doubles = bytesPerPoint { .double(Double.random(in: -1e9..<1e9, using: &$0)) }
        #expect(doubles <= 8.5)
        let mixed = bytesPerPoint { random in
            switch Int.random(in: 0..<4, using: &random) {
            case 0: .double(Double.random(in: 0...100, using: &random))
            case 1: .double(Double(Int.random(in: 0...10_000, using: &random)) / 100)
            case 2: .integer(Int64.random(in: 0...(64 << 30), using: &random))
            default: .double(Double.random(in: 0...1e9, using: &random))
            }
        }
        #expect(mixed <= 7)
    }

    /// `body` with its checksum.
    private func sealed(_ body: [UInt8]) -> [UInt8] {
        let sum = crc32c(body)
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
    }

    /// Hexadecimal digits as bytes.
    private func bytes(_ digits: String) -> [UInt8] {
        let digits = digits.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
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
