import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// Replays into the real server.
@Suite struct HistorySourceTests {
    static func replay(
        _ fixture: SenderFixture, to url: String, _ selection: HistorySource.Selection,
        maxBatchPoints: Int = 10_000
    ) async throws -> HistorySource.Progress.State {
        let progress = HistorySource.Progress()
        let configuration = SenderFixture.configuration(url) {
            $0.maxBatchPoints = maxBatchPoints
        }
        let interrupt = Interrupt()
        let path = fixture.path
        let sender = Sender(
            name: "replay", policy: SenderFixture.policy(configuration),
            logger: SenderFixture.logger,
            source: { try HistorySource(path: path, selection: selection, progress: progress) },
            backend: {
                try BackendRegistry.makeBackend(
                    configuration, interrupt: interrupt, version: "test")
            })
        try await RunningSender(sender, interrupt, untilIdle: true).end()
        return progress.current
    }

    static let everything = HistorySource.Selection(fromNs: .min, toNs: .max)

    @Test(.timeLimit(.minutes(10)))
    func `a replay brings back what a dropped database held, and again changes nothing`()
        async throws
    {
        let server = try InfluxServer.started()
        let fixture = try await SenderFixture()
        let points = makePoints(30_000)
        await fixture.append(points, batchesOf: 700)
        await fixture.start(server.url)
        #expect(await fixture.drains())
        let original = try server.facts()
        #expect(original == facts(points))
        let books = try fixture.books()
        try server.statement("DROP DATABASE \"puypuy\"")
        try server.createDatabase("puypuy")
        #expect(try server.pointCount() == 0)
        let lastHour = HistorySource.Selection(
            fromNs: wallClockNs() - 3_600_000_000_000, toNs: wallClockNs())
        for _ in 0..<3 {
            let progress = try await Self.replay(fixture, to: server.url, lastHour)
            #expect(progress.pointsSeen == 30_000)
            #expect(progress.delivered == 30_000)
            #expect(progress.refused == 0)
            #expect(progress.confirmedUpToNs == points.map(\.timestampNs).max())
            #expect(try server.facts() == original)
        }
        #expect(try fixture.books() == books)
    }

    @Test func `metric and time select exactly, both ends included`() async throws {
        let server = try InfluxServer.started()
        let fixture = try await SenderFixture()
        let points = makePoints(3_000, metric: "cpu_load") + makePoints(3_000, metric: "mem_used")
        await fixture.append(points, batchesOf: 100)
        let selection = HistorySource.Selection(
            fromNs: recentNs + 10_000_000, toNs: recentNs + 40_000_000, metric: Glob("cpu_*"))
        let progress = try await Self.replay(fixture, to: server.url, selection)
        let wanted = points.filter {
            $0.series.metric == "cpu_load"
                && (selection.fromNs...selection.toNs).contains($0.timestampNs)
        }
        #expect(wanted.count == 31 * 50)
        #expect(try server.facts() == facts(wanted))
        #expect(progress.delivered == Int64(wanted.count))
        let mayLie = try SpoolReader(path: fixture.path).pointsInHistory(
            fromNs: selection.fromNs, toNs: selection.toNs)
        #expect(progress.pointsSeen == mayLie)
        // A replay books nothing.
        #expect(try fixture.books() == Ledger(collected: 6_000, pending: 6_000))
    }

    @Test func `nothing selected needs no server`() async throws {
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(100))
        let progress = try await Self.replay(
            fixture, to: "http://127.0.0.1:1",
            .init(fromNs: .min, toNs: .max, metric: Glob("no_such_*")))
        #expect(progress.pointsSeen == 100)
        #expect(progress.delivered == 0)
    }

    @Test func `a point that is refused in a replay is counted with its reason`() async throws {
        let server = try InfluxServer.started()
        try server.write("count,host=a value=1i \(recentNs)")
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(500) + [makePoint("count", at: recentNs + 1)])
        let progress = try await Self.replay(fixture, to: server.url, Self.everything)
        #expect(progress.delivered == 500)
        #expect(progress.refused == 1)
        #expect(progress.firstRefusal?.hasPrefix("count{host=a}: ") == true)
        #expect(progress.firstRefusal?.contains("field type conflict") == true)
        #expect(try fixture.deadLetters().isEmpty)
    }

    @Test(.timeLimit(.minutes(10)))
    func `an outage in the middle of a replay delays it and loses nothing`() async throws {
        let server = try StandIn { _, number in
            2...4 ~= number ? .status(503, headers: ["Retry-After: 0"]) : nil
        }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(5_000), batchesOf: 100)
        let progress = try await Self.replay(
            fixture, to: server.url, Self.everything, maxBatchPoints: 1_000)
        #expect(progress.delivered == 5_000)
        #expect(server.kept.count == 5_000)
    }

    @Test func `a damaged batch is counted and passed over`() async throws {
        let fixture = try await SenderFixture()
        for number in 0..<3 { await fixture.append(makePoints(200, metric: "m\(number)")) }
        let unit = try #require(
            try SpoolReader(path: fixture.path).oldest(
                of: PendingSet(openFirst: 2), maxPoints: 200))
        await fixture.spool.close()
        #expect(try fixture.damage(BatchCodec.encode(unit.block).suffix(64)) == 1)
        let server = try StandIn()
        let progress = try await Self.replay(fixture, to: server.url, Self.everything)
        #expect(progress.damagedBatches == 1)
        #expect(progress.delivered == 400)
        #expect(server.kept.count == 400)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a spool that cannot be read ends a replay with the reason`() async throws {
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(100))
        await fixture.spool.close()
        #expect(fixture.damagePages(with: "core=49".utf8) > 0)
        let server = try StandIn()
        await #expect(throws: SpoolError.self) {
            try await Self.replay(fixture, to: server.url, Self.everything)
        }
        #expect(server.arrivals.isEmpty)
    }
}
