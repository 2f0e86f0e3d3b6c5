import PuyPuyCore

/// What points look like. Made from a fixed seed, so that every run measures the same points.
///
/// But for ``sparse``, a thousand series come at each of as many instants as a batch has room for, ten
/// seconds apart.
enum Shape: String, CaseIterable {
    /// Two decimals, of which four in five stay as they were ten seconds before.
    case steady = "steady gauges"
    /// Percentages: two decimals, any from 0 to 100.
    case noisy = "noisy gauges"
    /// Counts that grow: of all magnitudes up to 2^40, by at most a thousandth.
    case counters = "counters"
    /// Any integers below 2^32.
    case ids = "ids"
    /// Doubles that use all of their bits.
    case doubles = "full doubles"
    /// Each point of another series out of 100,000, at a time of its own; values of all kinds.
    case sparse

    private static let startNs: Int64 = 1_763_900_000_000_000_000
    private static let seriesCount = 1_000

    /// `count` batches of so many points.
    func blocks(_ count: Int, points: Int) -> [PointBlock] {
        var random = SplitMix(state: 20_261_123)
        var last = (0..<Shape.seriesCount).map { _ in start(&random) }
        var row = 0
        return (0..<count).map { _ in
            var block = PointBlock()
            block.reserveCapacity(points)
            for _ in 0..<points {
                let series = row % Shape.seriesCount
                let tick = Int64(row / Shape.seriesCount)
                row += 1
                if self == .sparse {
                    block.append(
                        series: .random(in: 1...100_000, using: &random),
                        timestampNs: Shape.startNs + Int64(row) * 1_000_000
                            + .random(in: 0..<1_000_000, using: &random),
                        value: mixed(&random))
                    continue
                }
                last[series] = next(after: last[series], &random)
                block.append(
                    series: Int64(series + 1), timestampNs: Shape.startNs + tick * 10_000_000_000,
                    value: last[series])
            }
            return block
        }
    }

    private func start(_ random: inout SplitMix) -> Value {
        switch self {
        case .counters: .integer(1 << Int64.random(in: 1...40, using: &random))
        default: .double(Double(Int.random(in: 0...10_000, using: &random)) / 100)
        }
    }

    private func next(after last: Value, _ random: inout SplitMix) -> Value {
        switch self {
        case .steady:
            if Int.random(in: 0..<5, using: &random) > 0 { return last }
            let cents = (last.asDouble * 100).rounded() + Double.random(in: -3...3, using: &random)
            return .double(cents.rounded() / 100)
        case .noisy: return .double(Double(Int.random(in: 0...10_000, using: &random)) / 100)
        case .counters:
            guard case .integer(let count) = last else { return last }
            return .integer(count + .random(in: 0...max(1, count / 1_000), using: &random))
        case .ids: return .integer(.random(in: 0..<1 << 32, using: &random))
        case .doubles: return .double(.random(in: 0..<1e9, using: &random))
        case .sparse: return mixed(&random)
        }
    }

    /// As the checks of a host give them: zeros, small and large integers, percentages, rates.
    private func mixed(_ random: inout SplitMix) -> Value {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .integer(0)
        case 1: .integer(.random(in: 0..<256, using: &random))
        case 2: .integer(.random(in: 0..<1 << 36, using: &random))
        case 3: .double(0)
        case 4, 5: .double(Double(Int.random(in: 0...10_000, using: &random)) / 100)
        case 6: .double(Double(Int.random(in: 0...10_000_000, using: &random)) / 1e9)
        default: .double(.random(in: 0..<100, using: &random))
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
