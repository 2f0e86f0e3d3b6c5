import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// KairosDB behind a real sender: what it refuses, and what it ends in the middle.
@Suite struct KairosTests {
    static func stored(_ server: KairosDBStandIn) -> Set<Fact> {
        Set(server.points().flatMap { series, points in points.map { Fact(series, $0) } })
    }

    static func useKairos(_ configuration: inout BackendConfiguration) {
        configuration.type = .kairosDB
    }

    @Test(arguments: [
        [0], [5_000], [9_999], [0, 1, 2, 4_999, 5_000, 5_001, 7_777, 9_997, 9_998, 9_999],
    ])
    func `points that the server names cost themselves and no further request`(
        positions: [Int]
    ) async throws {
        let server = try KairosDBStandIn()
        server.change {
            $0.poison = { $0.metric == "poison" ? "tag[host].value may not be odd." : nil }
        }
        let fixture = try await SenderFixture()
        var points = makePoints(10_000 - positions.count)
        for position in positions {
            points.insert(makePoint("poison", at: recentNs + Int64(position)), at: position)
        }
        await fixture.append(points)
        let running = await fixture.start(server.url, Self.useKairos)
        #expect(await fixture.drains())
        #expect(
            try fixture.books()
                == Ledger(
                    collected: 10_000, delivered: Int64(10_000 - positions.count),
                    dead: Int64(positions.count)))
        #expect(running.status.requests == 1)
        #expect(
            try fixture.deadLetters().allSatisfy {
                $0.point.series.metric == "poison" && $0.reason.contains("may not be odd")
            })
        #expect(Self.stored(server) == facts(points.filter { $0.series.metric != "poison" }))
    }

    @Test(arguments: [0, 1_000, 1_999])
    func `a point at which the server ends the request is found by bisection`(
        position: Int
    ) async throws {
        let server = try KairosDBStandIn()
        server.change {
            $0.aborts = { $0.metric == "poison" ? (400, "Expected a string but was NUMBER") : nil }
        }
        let fixture = try await SenderFixture()
        var points = makePoints(1_999)
        points.insert(makePoint("poison"), at: position)
        await fixture.append(points)
        let running = await fixture.start(server.url) {
            $0.type = .kairosDB
            $0.compresses = false
        }
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 2_000, delivered: 1_999, dead: 1))
        #expect(running.status.requests - 1 <= PoisonTests.bound(2_000))
        #expect(Self.stored(server) == facts(points.filter { $0.series.metric != "poison" }))
    }

    @Test func `a point that makes the server fail alone is given up, the others arrive`()
        async throws
    {
        let server = try KairosDBStandIn()
        server.change {
            $0.aborts = { $0.metric == "poison" ? (500, "For input string: \"abc\"") : nil }
        }
        let fixture = try await SenderFixture()
        var points = makePoints(3)
        points.insert(makePoint("poison"), at: 1)
        await fixture.append(points)
        await fixture.start(server.url, Self.useKairos)
        #expect(await fixture.drains(within: .seconds(120)))
        #expect(try fixture.books() == Ledger(collected: 4, delivered: 3, dead: 1))
        #expect(try fixture.deadLetters().first?.reason.contains("For input string") == true)
        #expect(Self.stored(server) == facts(points.filter { $0.series.metric != "poison" }))
    }

    @Test func `wrong credentials hold everything, right ones deliver it`() async throws {
        var settings = KairosDBStandIn.Settings()
        settings.credentials = ("joe", "hunter22")
        let server = try KairosDBStandIn(settings)
        let fixture = try await SenderFixture()
        let points = makePoints(500)
        await fixture.append(points)
        let wrong = await fixture.start(server.url, Self.useKairos)
        #expect(await wrong.fails("401"))
        await wrong.stop()
        #expect(try fixture.books() == Ledger(collected: 500, pending: 500))
        await fixture.start(server.url) {
            $0.type = .kairosDB
            $0.credentials = .basic(user: "joe", password: "hunter22")
        }
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 500, delivered: 500))
        #expect(Self.stored(server) == facts(points))
    }
}
