import PuyPuyCore
import TestSupport
import Testing

/// A point as it is in a database: comparable as a whole.
struct Fact: Hashable {
    let series: Series
    let timestampNs: Int64
    let bits: UInt64

    init(_ point: Point) {
        series = point.series
        timestampNs = point.timestampNs
        bits = point.value.asDouble.bitPattern
    }

    init(_ series: Series, _ point: StoredPoint) {
        self.series = series
        timestampNs = point.timestampNs
        bits = point.value.bitPattern
    }
}

/// `count` points over 50 series, a millisecond apart from `startNs` on, with values that need all of
/// their bits.
func makePoints(
    _ count: Int, metric: String = "m", from startNs: Int64 = recentNs, tags: Tags = .none
) -> [Point] {
    let series = (0..<50).map { Series(metric: metric, tags: tags.merging(["core": "\($0)"])) }
    return (0..<count).map { index in
        Point(
            series: series[index % 50], timestampNs: startNs + Int64(index / 50) * 1_000_000,
            value: .double(Double(index) * 0.1 + 1 / 3))
    }
}

/// One point of `metric`.
func makePoint(_ metric: String, _ tags: Tags = ["host": "a"], at ns: Int64 = recentNs) -> Point {
    Point(series: Series(metric: metric, tags: tags), timestampNs: ns, value: .double(0.5))
}

/// Some minutes ago, the same for the whole process.
let recentNs = wallClockNs() / 1_000_000_000 * 1_000_000_000 - 1_200_000_000_000

extension InfluxServer {
    /// All that `database` holds, checked to hold no point twice.
    func facts(database: String = "puypuy") throws -> Set<Fact> {
        var facts: Set<Fact> = []
        for (series, points) in try points(database: database) {
            for point in points {
                #expect(facts.insert(Fact(series, point)).inserted)
            }
        }
        return facts
    }
}

/// The facts in `points`.
func facts(_ points: [Point]) -> Set<Fact> { Set(points.map(Fact.init)) }
