import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// Points that a server refuses for good: they cost themselves.
@Suite struct PoisonTests {
    /// Requests that one offender in n may cost beside the first.
    static func bound(_ points: Int) -> Int {
        2 * (Int.bitWidth - (points - 1).leadingZeroBitCount) + 2
    }

    @Test func `one type conflict in 10,000 points costs that point and few requests`()
        async throws
    {
        let server = try InfluxServer.started()
        try server.write("count,host=a value=1i \(recentNs)")
        let fixture = try await SenderFixture()
        var points = makePoints(9_999)
        let poison = makePoint("count", at: recentNs + 1)
        points.insert(poison, at: 6_173)
        await fixture.append(points)
        let running = await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(
            try fixture.books() == Ledger(collected: 10_000, delivered: 9_999, dead: 1))
        let letter = try #require(try fixture.deadLetters().first)
        #expect(letter.point == poison)
        #expect(letter.reason.contains("field type conflict"), "\(letter.reason)")
        #expect(letter.reason.contains("already exists as type integer"), "\(letter.reason)")
        #expect(running.status.requests - 1 <= Self.bound(10_000))
        #expect(running.reason == nil)
        let stored = try server.facts().filter { $0.series.metric != "count" }
        #expect(stored == facts(points.filter { $0 != poison }))
    }

    @Test(arguments: [0, 1, 4_999, 5_000, 7_777, 9_999])
    func `an offender that the server does not name is found by bisection`(
        position: Int
    ) async throws {
        let server = try StandIn(
            StandIn.refusingPoison("partial write: something is odd dropped=1"))
        let fixture = try await SenderFixture()
        var points = makePoints(9_999)
        points.insert(makePoint("poison"), at: position)
        await fixture.append(points)
        let running = await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(
            try fixture.books() == Ledger(collected: 10_000, delivered: 9_999, dead: 1))
        #expect(
            try fixture.deadLetters().map(\.reason) == [
                "HTTP 400: partial write: something is odd dropped=1"
            ])
        #expect(running.status.requests - 1 <= Self.bound(10_000))
        #expect(server.kept.count == 9_999)
        // The status follows the books.
        #expect(await soon { running.status.delivered == 9_999 && running.status.dead == 1 })
    }

    @Test func `ten conflicts in five metrics are ten dead letters, each with its words`()
        async throws
    {
        let server = try InfluxServer.started()
        for number in 0..<5 { try server.write("count\(number),host=a value=1i \(recentNs)") }
        let fixture = try await SenderFixture()
        var points = makePoints(9_990)
        let poison = (0..<10).map { makePoint("count\($0 % 5)", at: recentNs + 1 + Int64($0)) }
        for (index, point) in poison.enumerated() { points.insert(point, at: index * 997) }
        await fixture.append(points)
        let running = await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(
            try fixture.books() == Ledger(collected: 10_000, delivered: 9_990, dead: 10))
        let letters = try fixture.deadLetters()
        #expect(Set(letters.map(\.point)) == Set(poison))
        for letter in letters {
            #expect(letter.reason.contains("\"\(letter.point.series.metric)\""))
        }
        #expect(running.status.requests <= 10 * Self.bound(10_000))
        #expect(try server.facts().count == 9_990 + 5)
    }

    @Test func `names that line protocol cannot express die with the reason, the rest arrives`()
        async throws
    {
        let server = try InfluxServer.started()
        let fixture = try await SenderFixture()
        let poison = [
            makePoint("#comment"), makePoint("m", ["path": "C:\\"]),
            makePoint("m", ["time": "now"]), makePoint(""), makePoint("two\nlines"),
        ]
        let points = makePoints(500)
        await fixture.append(poison + points)
        let running = await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(
            try fixture.books() == Ledger(collected: 505, delivered: 500, dead: 5))
        let reasons = try fixture.deadLetters().map(\.reason).sorted()
        #expect(reasons.count == 5)
        #expect(reasons.contains { $0.contains("comment to InfluxDB") })
        #expect(reasons.contains { $0.contains("ends in a backslash") })
        #expect(reasons.contains { $0.contains("newline") })
        #expect(running.status.requests == 1)
        #expect(try server.facts() == facts(points))
    }

    @Test func `points beyond the retention policy die with the reason, younger ones arrive`()
        async throws
    {
        let server = try InfluxServer.started(databases: [])
        try server.createDatabase("puypuy", retention: "2h")
        let fixture = try await SenderFixture()
        let young = makePoints(300)
        let old = makePoints(200, from: recentNs - 30 * 86_400_000_000_000)
        await fixture.append(zip(young, old).flatMap { [$0, $1] } + young[200...])
        let running = await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(
            try fixture.books() == Ledger(collected: 500, delivered: 300, dead: 200))
        let letters = try fixture.deadLetters()
        #expect(facts(letters.map(\.point)) == facts(old))
        #expect(letters.allSatisfy { $0.reason.contains("beyond retention policy") })
        #expect(running.status.requests <= 4)
        #expect(try server.facts() == facts(young))
    }

    @Test func `a request that is too large is halved until it fits, and everything arrives`()
        async throws
    {
        var options = InfluxServer.Options()
        options.maxBodySize = 20_000
        let server = try InfluxServer.started(options)
        let fixture = try await SenderFixture()
        let points = makePoints(10_000)
        await fixture.append(points)
        let running = await fixture.start(server.url) { $0.compresses = false }
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 10_000, delivered: 10_000))
        #expect(try server.facts() == facts(points))
        // The size is remembered: the next batch needs no further refusal.
        let before = running.status.requests
        await fixture.append(makePoints(300, metric: "next"))
        #expect(await fixture.drains())
        #expect(running.status.requests == before + 1)
    }

    @Test func `one point that is too large alone does not make all later requests small`()
        async throws
    {
        let server = try StandIn { lines, _ in
            lines.reduce(0) { $0 + $1.utf8.count } > 30_000
                ? .status(413, body: #"{"error":"Request Entity Too Large"}"#) : nil
        }
        let fixture = try await SenderFixture()
        let huge = makePoint("m", ["words": String(repeating: "x", count: 40_000)])
        await fixture.append(makePoints(100) + [huge] + makePoints(100, metric: "n"))
        let running = await fixture.start(server.url) { $0.compresses = false }
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 201, delivered: 200, dead: 1))
        let before = running.status.requests
        for number in 0..<10 { await fixture.append(makePoints(200, metric: "later\(number)")) }
        #expect(await fixture.drains())
        #expect(running.status.requests - before <= 20)
        #expect(try fixture.books() == Ledger(collected: 2_201, delivered: 2_200, dead: 1))
    }

    @Test func `a crash in the middle of a bisection ends with exactly one dead letter`()
        async throws
    {
        let words = "partial write: something is odd dropped=1"
        let server = try StandIn { lines, number in
            number > 5
                ? .status(503, headers: ["Retry-After: 600"])
                : StandIn.refusingPoison(words)(lines, number)
        }
        let fixture = try await SenderFixture()
        var points = makePoints(2_000)
        points.insert(makePoint("poison"), at: 777)
        await fixture.append(points)
        let running = await fixture.start(server.url)
        #expect(await running.fails("503"))
        await running.stop()
        let killed = try await SenderFixture(copyOf: fixture)
        #expect(try killed.books() == Ledger(collected: 2_001, pending: 2_001))
        server.change(StandIn.refusingPoison(words))
        await killed.start(server.url)
        #expect(await killed.drains())
        #expect(try killed.books() == Ledger(collected: 2_001, delivered: 2_000, dead: 1))
        #expect(try killed.deadLetters().map(\.point.series.metric) == ["poison"])
        #expect(server.kept.count == 2_000)
    }

    @Test func `series over the database's limit die with the reason, known ones arrive`()
        async throws
    {
        var options = InfluxServer.Options()
        options.maxSeriesPerDatabase = 60
        let server = try InfluxServer.started(options)
        let fixture = try await SenderFixture()
        let points = makePoints(5_000)
        await fixture.append(points)
        let running = await fixture.start(server.url)
        #expect(await fixture.drains())
        let news = (0..<50).map { makePoint("new", ["host": "h\($0)"]) }
        let more = makePoints(5_000, from: recentNs + 1_000_000_000)
        var mixed = more
        for (index, point) in news.enumerated() { mixed.insert(point, at: index * 97) }
        await fixture.append(mixed)
        #expect(await fixture.drains())
        let books = try fixture.books()
        #expect(books.delivered == 10_010)
        #expect(books.dead == 40)
        #expect(
            try fixture.deadLetters().allSatisfy {
                $0.reason.contains("max-series-per-database limit exceeded")
            })
        // Nobody is named, and the server refuses 5,000 points of 50 series for their number alone,
        // as if each were a new series: only the search tells who the offenders are.
        #expect(running.status.requests < 40 * 16)
        #expect(try server.facts().isSuperset(of: facts(points + more)))
    }
}
