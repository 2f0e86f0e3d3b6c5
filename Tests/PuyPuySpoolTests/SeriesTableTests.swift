import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuySpool

struct SeriesTableTests {
    /// A run of one point for each of `metrics`, of series that are made anew.
    private func run(_ metrics: [String], check: String = "test", at timestampNs: Int64) -> Run {
        Run(
            check: check, startedNs: timestampNs,
            points: metrics.enumerated().map { index, metric in
                Point(
                    series: Series(metric: metric, tags: ["check": check]),
                    timestampNs: timestampNs, value: .integer(Int64(index)))
            })
    }

    private func points(_ fixture: SpoolFixture) throws -> [Point] {
        let reader = try fixture.reader()
        let block = try reader.load(1...BatchID.max).block
        return (0..<block.count).map { block.point($0, in: reader) }
    }

    @Test func `points keep their series however a check's runs change`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        let lists = [
            ["a", "b", "c"], ["a", "b", "c"], ["c", "a", "b"], ["b"], [],
            ["a", "b", "c", "d", "e"],
            ["a", "a", "b"], ["e", "d", "c", "b", "a", "f"],
        ]
        var expected: [Point] = []
        for (index, metrics) in lists.enumerated() {
            for check in ["one", "two"] {
                let run = run(metrics, check: check, at: Int64(index))
                #expect(await spool.append(run) == .durable)
                expected += run.points
            }
        }
        #expect(try points(fixture) == expected)
        #expect(try fixture.reader().summary().series == 12)
    }

    @Test func `a commit that failed leaves no numbers behind`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        let first = run(["a"], at: 1)
        #expect(await spool.append(first) == .durable)
        let other = try Connection(path: fixture.path, access: .write)
        try other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON batch BEGIN SELECT raise(ABORT, 'no'); END")
        let second = run(["a", "b"], at: 2)
        #expect(await spool.append(second) == .buffered)
        try other.execute("DROP TRIGGER refuse")
        // Takes the number that was given to b and undone, if it is looked up anew.
        let third = run(["c", "b"], at: 3)
        #expect(await spool.append(third) == .durable)
        #expect(try points(fixture) == first.points + second.points + third.points)
    }

    @Test func `a series that was deleted gets another number when it comes back`() async throws {
        let fixture = try SpoolFixture { $0.retain = .seconds(60) }
        let spool = try await fixture.open([
            SpoolBackend(name: "local", type: "Local", keepsPoints: true)
        ])
        await spool.append(run(["a"], check: "rare", at: 1))
        for second in 0..<(SeriesTable.lag + 10) {
            await spool.append(run(["b"], check: "often", at: second))
        }
        fixture.clock.advance(.seconds(61))
        await spool.append(run(["b"], check: "often", at: 0))
        while await spool.maintain() {}
        fixture.clock.advance(.seconds(700))
        while await spool.maintain() {}
        #expect(try fixture.reader().series(after: 0, limit: 10).map(\.series.metric) == ["b"])
        let last = run(["a"], check: "rare", at: 2)
        await spool.append(last)
        #expect(try points(fixture).suffix(1) == last.points)
    }
}
