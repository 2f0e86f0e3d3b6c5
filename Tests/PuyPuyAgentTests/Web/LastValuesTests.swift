import PuyPuyCore
import Testing

@testable import PuyPuyAgent

@Suite struct LastValuesTests {
    private let start = ContinuousClock.now

    private func run(_ check: String, _ values: [(String, Int64)]) -> Run {
        Run(
            check: check, startedNs: 0,
            points: values.map { metric, value in
                Point(series: Series(metric: metric), timestampNs: 0, value: .integer(value))
            })
    }

    private func current(_ values: LastValues, after elapsed: Duration) -> [String: Value] {
        Dictionary(
            uniqueKeysWithValues: values.current(at: start + elapsed).map {
                ($0.series.metric, $0.value)
            })
    }

    @Test func `the last value of a series stands, until it is five minutes old`() {
        let values = LastValues()
        values.observe(run("a", [("x", 1), ("y", 1)]), at: start)
        values.observe(run("a", [("x", 2)]), at: start + .seconds(200))
        #expect(current(values, after: .seconds(299)) == ["x": .integer(2), "y": .integer(1)])
        #expect(current(values, after: .seconds(300)) == ["x": .integer(2)])
        #expect(current(values, after: .seconds(500)) == [:])
    }

    @Test func `a check that runs once an hour keeps its values until it is late`() {
        let values = LastValues()
        values.expect("slow", every: .seconds(3600))
        values.observe(run("slow", [("x", 1)]), at: start)
        #expect(current(values, after: .seconds(7_200)) == ["x": .integer(1)])
        #expect(current(values, after: .seconds(7_260)) == [:])
    }

    @Test func `series beyond the limit are left out, and come in when others go`() {
        let values = LastValues(maxSeries: 2)
        values.observe(run("a", [("x", 1), ("y", 1), ("z", 1)]), at: start)
        #expect(current(values, after: .zero).keys.sorted() == ["x", "y"])
        values.observe(run("a", [("x", 2), ("z", 2)]), at: start + .seconds(299))
        #expect(current(values, after: .seconds(299)).keys.sorted() == ["x", "y"])
        values.observe(run("a", [("z", 3)]), at: start + .seconds(400))
        #expect(current(values, after: .seconds(400)) == ["x": .integer(2), "z": .integer(3)])
    }
}
