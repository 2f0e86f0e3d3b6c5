import PuyPuyCore
import Testing

@testable import PuyPuySpool

struct KnownSeriesTests {
    private static let series = Series(metric: "m")

    /// Meets the series of `ids` with so many points; returns how many of them were not known.
    private func meet(
        _ ids: some Collection<SeriesID>, points: Int, _ known: inout KnownSeries
    ) -> Int {
        known.prepare(forPoints: points)
        let unknown = ids.filter { !known.meets($0) }
        for id in unknown { known.insert(id, Self.series) }
        return unknown.count
    }

    @Test(arguments: [1_000, 10_000])
    func `series that all come again within a million points stay known`(pointsOfUnit: Int) {
        var known = KnownSeries()
        let ids = 1...SeriesID(KnownSeries.most)
        var unknown = 0
        for _ in 0..<5 {
            for start in stride(from: ids.lowerBound, to: ids.upperBound, by: 1_000) {
                unknown += meet(start..<start + 1_000, points: pointsOfUnit, &known)
            }
        }
        #expect(unknown == ids.count)
        #expect(ids.allSatisfy { known[$0] == Self.series })
    }

    @Test func `series that came and went are forgotten, and those beside them stay`() {
        var known = KnownSeries()
        let staying = SeriesID(1)...15_000
        #expect(meet(staying, points: 1, &known) == staying.count)
        var largest = 0
        for generation in 1...100 {
            let next = SeriesID(generation * 100_000)
            #expect(meet(next..<next + 1_000, points: 500_000, &known) == 1_000)
            #expect(meet(staying, points: 500_000, &known) == 0)
            largest = max(largest, known.count)
        }
        #expect(largest < 2 * KnownSeries.fewest + 2_000)
        #expect(known[100_000] == nil)
    }

    @Test func `not even series that are met in the same moment are kept without end`() {
        var known = KnownSeries()
        for start in stride(from: SeriesID(1), to: 1_000_000, by: 10_000) {
            #expect(meet(start..<start + 10_000, points: 10_000, &known) == 10_000)
            #expect(known.count <= 2 * (KnownSeries.most + 10_000))
        }
    }
}
