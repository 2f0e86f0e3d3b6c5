import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// OpenTSDB behind a real sender: many small requests, what it refuses, and a storage that fails.
@Suite struct OpenTSDBTests {
    static func stored(_ server: OpenTSDBStandIn) -> Set<Fact> {
        Set(server.points().flatMap { series, points in points.map { Fact(series, $0) } })
    }

    static func useOpenTSDB(_ configuration: inout BackendConfiguration) {
        configuration.type = .openTSDB
    }

    @Test func `a backlog goes in requests that the server takes, each point once`() async throws {
        let server = try OpenTSDBStandIn()
        let fixture = try await SenderFixture()
        let points = makePoints(20_000)
        await fixture.append(points, batchesOf: 5_000)
        await fixture.start(server.url, Self.useOpenTSDB)
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 20_000, delivered: 20_000))
        #expect(Self.stored(server) == facts(points))
        #expect(server.requests.allSatisfy { $0.wireBytes <= 8192 })
    }

    @Test(arguments: [
        [0], [2_500], [4_999], [0, 1, 2, 2_499, 2_500, 2_501, 3_333, 4_997, 4_998, 4_999],
    ])
    func `points that the server names cost themselves, the others arrive`(
        positions: [Int]
    ) async throws {
        let server = try OpenTSDBStandIn()
        server.change {
            $0.poison = { $0.metric == "poison" ? "Invalid metric name" : nil }
        }
        let fixture = try await SenderFixture()
        var points = makePoints(5_000 - positions.count)
        for position in positions {
            let ns = recentNs + Int64(position) * 1_000_000
            points.insert(makePoint("poison", at: ns), at: position)
        }
        await fixture.append(points)
        await fixture.start(server.url, Self.useOpenTSDB)
        #expect(await fixture.drains())
        #expect(
            try fixture.books()
                == Ledger(
                    collected: 5_000, delivered: Int64(5_000 - positions.count),
                    dead: Int64(positions.count)))
        #expect(
            try fixture.deadLetters().allSatisfy {
                $0.point.series.metric == "poison" && $0.reason.contains("Invalid metric name")
            })
        #expect(Self.stored(server) == facts(points.filter { $0.series.metric != "poison" }))
    }

    @Test func `while the storage fails nothing is given up, and then everything arrives`()
        async throws
    {
        let server = try OpenTSDBStandIn()
        server.change {
            $0.storageFailure = { $0.tags["core"] == "7" ? "region is not online" : nil }
        }
        let fixture = try await SenderFixture()
        let points = makePoints(1_000)
        await fixture.append(points)
        let running = await fixture.start(server.url, Self.useOpenTSDB)
        #expect(await running.fails("region is not online"))
        #expect(try fixture.books().dead == 0)
        server.change {
            $0.poison = { _ in nil }
            $0.storageFailure = { _ in nil }
        }
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 1_000, delivered: 1_000))
        #expect(Self.stored(server) == facts(points))
    }

    @Test func `a real server gets every point`() async throws {
        let server = try VictoriaMetricsServer.started()
        let fixture = try await SenderFixture()
        // Values that this server keeps exactly.
        let points = (0..<10_000).map { index in
            Point(
                series: Series(metric: "m", tags: ["core": "\(index % 50)"]),
                timestampNs: recentNs + Int64(index / 50) * 1_000_000,
                value: .double(Double(index) / 8))
        }
        await fixture.append(points)
        await fixture.start(server.openTSDBURL, Self.useOpenTSDB)
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 10_000, delivered: 10_000))
        let stored = try server.points()
            .flatMap { series, points in points.map { Fact(series, $0) } }
        #expect(stored.count == 10_000)
        #expect(Set(stored) == facts(points))
    }
}
