import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// How much at a time, how fast, and in which order.
@Suite struct PaceTests {
    @Test func `max_points_per_second holds from request to request`() async throws {
        let server = try StandIn()
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(8_000), batchesOf: 100)
        await fixture.start(server.url) {
            $0.maxPointsPerSecond = 2_000
            $0.maxBatchPoints = 500
        }
        #expect(await fixture.drains())
        let arrivals = server.arrivals
        let first = try #require(arrivals.first).at
        var before = 0
        for arrival in arrivals {
            // What was sent before this request has taken its time.
            #expect(arrival.at - first >= .seconds(Double(before) / 2_000) - .milliseconds(500))
            #expect(arrival.lines.count <= 500)
            before += arrival.lines.count
        }
        #expect(before == 8_000)
        #expect(try #require(arrivals.last).at - first < .seconds(60))
    }

    @Test func `a low max_points_per_second does not keep fresh points waiting for one request`()
        async throws
    {
        let server = try StandIn()
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(20_000), batchesOf: 100)
        await fixture.start(server.url) { $0.maxPointsPerSecond = 500 }
        #expect(await soon { server.arrivals.count == 1 })
        for number in 0..<2 {
            await fixture.append([makePoint("fresh\(number)")])
            #expect(await soon { server.kept.keys.contains { $0.hasPrefix("fresh\(number),") } })
            // Forty seconds' worth at first.
            #expect(try fixture.books().pending > 5_000)
        }
    }

    @Test func `after an outage requests start small and double`() async throws {
        let server = try StandIn { _, number in number == 1 ? .status(503) : nil }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(40_000), batchesOf: 100)
        await fixture.start(server.url)
        #expect(await fixture.drains())
        let sizes = server.arrivals.map(\.lines.count)
        #expect(sizes[0] == 10_000)
        #expect(sizes[1...5] == [500, 1_000, 2_000, 4_000, 8_000], "\(sizes)")
        #expect(sizes[6] == 10_000)
        #expect(server.kept.count == 40_000)
        #expect(try fixture.books() == Ledger(collected: 40_000, delivered: 40_000))
    }

    @Test(.timeLimit(.minutes(10)))
    func `with a steady flow the backlog advances, too, and nothing fresh is late`()
        async throws
    {
        // Every request has fresh points to choose: they come twice as fast as requests end.
        let server = try StandIn()
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(6_000, metric: "old"), batchesOf: 100)
        server.change { _, _ in .status(503, headers: ["Retry-After: 1"]) }
        let running = await fixture.start(server.url) { $0.maxBatchPoints = 100 }
        #expect(await running.fails("503"))
        server.change { [weak server] lines, _ in
            .after(.milliseconds(20), server?.keeping(lines) ?? .close)
        }
        let before = server.arrivals.count
        var number = 0
        while try fixture.books().pending > 100 {
            await fixture.append(makePoints(10, metric: "fresh\(number)"))
            number += 1
            try await Task.sleep(for: .milliseconds(10))
            if number > 3_000 { break }
        }
        #expect(await fixture.drains())
        let requests = server.arrivals.dropFirst(before)
        let isOld = requests.map { $0.lines.contains { $0.hasPrefix("old") } }
        let backlogEnd = try #require(isOld.lastIndex(of: true))
        // Both are served until the backlog is through.
        #expect(isOld.filter(\.self).count >= isOld[...backlogEnd].count / 4)
        #expect(isOld[...backlogEnd].contains(false))
        let total = Int64(6_000 + number * 10)
        #expect(try fixture.books() == Ledger(collected: total, delivered: total))
    }

    @Test func `oldest_first goes strictly by age, also after an outage`() async throws {
        let server = try StandIn { _, number in
            number % 4 == 2 ? .status(503, headers: ["Retry-After: 0"]) : nil
        }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(5_000), batchesOf: 50)
        await fixture.start(server.url) {
            $0.drainOrder = .oldestFirst
            $0.maxBatchPoints = 300
        }
        for number in 0..<10 {
            await fixture.append(
                makePoints(50, from: recentNs + 1_000_000_000 * Int64(1 + number)))
        }
        #expect(await fixture.drains(within: .seconds(60)))
        let kept = server.kept.sorted { $0.value < $1.value }
        let times = server.arrivals.enumerated().filter { $0.offset % 4 != 1 }
            .flatMap { $0.element.lines }
            .compactMap { $0.split(separator: " ").last.flatMap { Int64($0) } }
        #expect(times == times.sorted())
        #expect(kept.count == 5_500)
    }
}
