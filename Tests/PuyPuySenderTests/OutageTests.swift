import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// The real server goes away, in every way there is, and comes back.
@Suite struct OutageTests {
    @Test func `an unknown database is held with what to do, and after it is made all arrives`()
        async throws
    {
        let server = try InfluxServer.started(databases: [])
        let fixture = try await SenderFixture()
        let points = makePoints(1_000)
        await fixture.append(points, batchesOf: 250)
        let running = await fixture.start(server.url)
        #expect(await running.fails("database not found"))
        guard case .holding(let reason, let hint, _) = running.status.condition else {
            Issue.record("\(running.status.condition)")
            return
        }
        #expect(reason.contains("404"))
        #expect(hint.contains("CREATE DATABASE \"puypuy\"") && hint.contains("set database"))
        // Points that come meanwhile cost no request.
        await fixture.append(makePoints(10, metric: "meanwhile"))
        running.sender.wake()
        #expect(running.status.requests == 1)
        #expect(try fixture.books() == Ledger(collected: 1_010, pending: 1_010))
        await running.stop()
        try server.createDatabase("puypuy")
        await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 1_010, delivered: 1_010))
        #expect(
            try server.facts() == facts(points + makePoints(10, metric: "meanwhile")))
    }

    @Test func `wrong credentials are held with the server's words and no secret`() async throws {
        var options = InfluxServer.Options()
        options.administrator = ("boss", "right")
        let server = try InfluxServer.started(options)
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(100))
        let running = await fixture.start(server.url) {
            $0.credentials = .basic(user: "boss", password: "wr0ng-secret")
        }
        #expect(await running.fails("401"))
        guard case .holding(let reason, let hint, _) = running.status.condition else {
            Issue.record("\(running.status.condition)")
            return
        }
        #expect(reason.contains("authorization failed"))
        #expect(hint.contains("user and pass"))
        #expect(!"\(running.status)".contains("wr0ng-secret"))
        #expect(try fixture.books() == Ledger(collected: 100, pending: 100))
        await running.stop()
        await fixture.start(server.url) {
            $0.credentials = .basic(user: "boss", password: "right")
        }
        #expect(await fixture.drains())
        #expect(try server.facts() == facts(makePoints(100)))
    }

    @Test(.timeLimit(.minutes(10)))
    func `after an outage fresh points arrive at once, while the backlog still fills in`()
        async throws
    {
        let server = try InfluxServer.started()
        server.stop()
        let fixture = try await SenderFixture()
        let backlog = makePoints(100_000)
        await fixture.append(backlog, batchesOf: 2_000)
        let running = await fixture.start(server.url) {
            $0.maxPointsPerSecond = 5_000
            $0.maxBatchPoints = 2_000
        }
        #expect(await soon { running.status.failedRequests >= 2 })
        try server.start()
        let back = ContinuousClock.now
        var fresh: [Point] = []
        while fresh.count < 10 {
            let point = makePoint("fresh", at: recentNs + Int64(fresh.count) * 1_000_000_000)
            fresh.append(point)
            await fixture.append([point])
            let arrived = try await soon {
                try server.points(of: "fresh").values.first?.count == fresh.count
            }
            #expect(arrived)
            // Twenty seconds' worth at first: none of them has waited for its turn.
            #expect(try fixture.books().pending > 10_000, "after \(fresh.count)")
            if ContinuousClock.now - back > .seconds(5) { break }
        }
        #expect(await fixture.drains())
        let total = Int64(backlog.count + fresh.count)
        #expect(try fixture.books() == Ledger(collected: total, delivered: total))
        #expect(try server.facts() == facts(backlog + fresh))
    }

    @Test(.timeLimit(.minutes(10)))
    func `a server that is killed in the middle of a drain gets the rest when it is back`()
        async throws
    {
        let server = try InfluxServer.started()
        let fixture = try await SenderFixture()
        let points = makePoints(60_000)
        await fixture.append(points, batchesOf: 1_000)
        let running = await fixture.start(server.url) {
            $0.maxBatchPoints = 1_000
            $0.maxPointsPerSecond = 30_000
        }
        #expect(await soon { running.status.delivered > 5_000 })
        server.kill()
        #expect(await soon { running.reason != nil })
        #expect(try fixture.books().pending > 0)
        try server.start()
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 60_000, delivered: 60_000))
        #expect(try server.facts() == facts(points))
    }

    @Test(.timeLimit(.minutes(10)))
    func `a server that is paused costs a timeout, and all goes on when it answers`()
        async throws
    {
        let server = try InfluxServer.started()
        let fixture = try await SenderFixture()
        let points = makePoints(5_000)
        await fixture.append(Array(points[..<1_000]))
        let running = await fixture.start(server.url) { $0.timeout = .seconds(1) }
        #expect(await fixture.drains())
        server.pause()
        await fixture.append(Array(points[1_000...]), batchesOf: 1_000)
        #expect(await running.fails("timed out"))
        #expect(try fixture.books() == Ledger(collected: 5_000, delivered: 1_000, pending: 4_000))
        server.resume()
        #expect(await fixture.drains())
        #expect(running.reason == nil)
        #expect(try fixture.books() == Ledger(collected: 5_000, delivered: 5_000))
        #expect(try server.facts() == facts(points))
    }

    @Test(.timeLimit(.minutes(10)))
    func `killed three times in the middle of a drain, everything arrives once in effect`()
        async throws
    {
        let server = try InfluxServer.started()
        var fixture = try await SenderFixture()
        var points = makePoints(20_000)
        await fixture.append(points, batchesOf: 200)
        for round in 1...3 {
            let running = await fixture.start(server.url) {
                $0.maxBatchPoints = 500
                $0.maxPointsPerSecond = 10_000
            }
            let already = try fixture.books().delivered
            #expect(await soon { running.status.delivered > 1_000 })
            // The files at this moment, a request or a commit under way or not.
            let killed = try await SenderFixture(copyOf: fixture)
            await running.stop()
            fixture = killed
            let books = try fixture.books()
            #expect(books.delivered > already && books.pending > 0)
            let more = makePoints(500, metric: "round\(round)")
            await fixture.append(more)
            points += more
        }
        await fixture.start(server.url)
        #expect(await fixture.drains())
        let total = Int64(points.count)
        #expect(try fixture.books() == Ledger(collected: total, delivered: total))
        #expect(try server.facts() == facts(points))
    }
}
