import PuyPuyCore

/// Encoding and decoding of batches of 1,000 points: 1,000 series at one instant, as a period of a
/// host brings them.
enum CodecBenchmark {
    private static let pointsPerBatch = 1_000
    private static let batches = 500

    static func run() -> [Figure] {
        var figures: [Figure] = []
        for shape in Shape.allCases {
            let blocks = shape.blocks(batches, points: pointsPerBatch)
            let encoded = blocks.map { BatchCodec.encode($0) }
            let points = Double(batches * pointsPerBatch)
            let encoding = medianSeconds {
                var buffer: [UInt8] = []
                for block in blocks { buffer = BatchCodec.encode(block, into: buffer) }
            }
            let decoding = medianSeconds {
                for bytes in encoded {
                    let block = bytes.withUnsafeBytes { try? BatchCodec.decode($0) }
                    precondition(block?.count == pointsPerBatch)
                }
            }
            let bytes = Double(encoded.reduce(0) { $0 + $1.count })
            figures += [
                Figure(
                    name: "codec, \(shape.rawValue): encode", value: points / encoding,
                    unit: "points/s"),
                Figure(
                    name: "codec, \(shape.rawValue): decode", value: points / decoding,
                    unit: "points/s"),
                Figure(
                    name: "codec, \(shape.rawValue): size", value: bytes / points,
                    unit: "bytes/point"),
            ]
        }
        return figures
    }
}

/// What values look like. Made from a fixed seed, so that every run measures the same points.
enum Shape: String, CaseIterable {
    /// Percentages and load averages: two decimals.
    case decimals = "2-decimal gauges"
    /// Byte counts: integers that grow.
    case counters = "counters"
    /// Rates: doubles that use all of their bits.
    case doubles = "full doubles"

    func blocks(_ count: Int, points: Int) -> [PointBlock] {
        var random = SplitMix(state: 20_261_123)
        var counters = (0..<points).map { _ in Int64.random(in: 0..<1 << 40, using: &random) }
        return (0..<count).map { batch in
            var block = PointBlock()
            block.reserveCapacity(points)
            let timestampNs = 1_763_900_000_000_000_000 + Int64(batch) * 10_000_000_000
            for series in 0..<points {
                let value: Value
                switch self {
                case .decimals:
                    value = .double(Double(Int.random(in: 0...10_000, using: &random)) / 100)
                case .counters:
                    counters[series] += Int64.random(in: 0..<1 << 20, using: &random)
                    value = .integer(counters[series])
                case .doubles: value = .double(.random(in: 0..<1e9, using: &random))
                }
                block.append(series: Int64(series + 1), timestampNs: timestampNs, value: value)
            }
            return block
        }
    }
}

/// SplitMix64, by Steele, Lea and Flood (2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
