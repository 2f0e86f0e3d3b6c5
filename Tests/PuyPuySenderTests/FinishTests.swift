import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import Synchronization
import TestSupport
import Testing

/// The end of a sender.
@Suite struct FinishTests {
    @Test(.timeLimit(.minutes(10)))
    func `with the server up, finish delivers what is pending and ends`() async throws {
        let server = try InfluxServer.started()
        let fixture = try await SenderFixture()
        let points = makePoints(20_000)
        await fixture.append(points, batchesOf: 1_000)
        let (sender, interrupt) = fixture.makeSender(server.url) { $0.maxBatchPoints = 1_000 }
        sender.finish()
        try await RunningSender(sender, interrupt).end()
        #expect(try fixture.books() == Ledger(collected: 20_000, delivered: 20_000))
        #expect(try server.facts() == facts(points))
        #expect(sender.board.current.requests == 20)
    }

    @Test(.timeLimit(.minutes(10)))
    func `with the server down, finish makes one attempt and ends`() async throws {
        let server = try StandIn { _, _ in .status(503, headers: ["Retry-After: 600"]) }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(1_000), batchesOf: 100)
        let running = await fixture.start(server.url)
        #expect(await running.fails("503"))
        let start = ContinuousClock.now
        running.sender.finish()
        try await running.end()
        #expect(ContinuousClock.now - start < .seconds(120))
        #expect(server.arrivals.count == 2)
        #expect(try fixture.books() == Ledger(collected: 1_000, pending: 1_000))
    }

    @Test(.timeLimit(.minutes(10)))
    func `after an outage finish delivers when the server is back`() async throws {
        let server = try StandIn { _, _ in .status(503, headers: ["Retry-After: 600"]) }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(5_000), batchesOf: 100)
        let running = await fixture.start(server.url)
        #expect(await running.fails("503"))
        server.change { _, _ in nil }
        running.sender.finish()
        try await running.end()
        #expect(try fixture.books() == Ledger(collected: 5_000, delivered: 5_000))
        #expect(running.reason == nil)
    }

    @Test(.timeLimit(.minutes(10)))
    func `with nothing pending finish ends at once`() async throws {
        let fixture = try await SenderFixture()
        let running = await fixture.start("http://127.0.0.1:1")
        running.sender.finish()
        try await running.end()
        #expect(running.status.requests == 0)
    }

    @Test(.timeLimit(.minutes(10)))
    func `an interrupt cuts a hanging request short, and nothing of it leaves the pending set`()
        async throws
    {
        let server = try StandIn { _, _ in .hang }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(100))
        let running = await fixture.start(server.url) { $0.timeout = .seconds(600) }
        #expect(await soon { server.arrivals.count == 1 })
        running.sender.finish()
        running.interrupt.raise()
        let start = ContinuousClock.now
        try await running.end()
        #expect(ContinuousClock.now - start < .seconds(120))
        #expect(try fixture.books() == Ledger(collected: 100, pending: 100))
    }

    @Test(.timeLimit(.minutes(10)))
    func `a sender that runs until idle gives up on what somebody must change`() async throws {
        let server = try InfluxServer.started(databases: [])
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(100))
        let (sender, interrupt) = fixture.makeSender(server.url)
        let running = RunningSender(sender, interrupt, untilIdle: true)
        let error = await #expect(throws: SenderError.self) { try await running.end() }
        #expect(error?.description.contains("CREATE DATABASE") == true)
        try server.createDatabase("puypuy")
        let again = fixture.makeSender(server.url)
        try await RunningSender(again.0, again.1, untilIdle: true).end()
        #expect(try fixture.books() == Ledger(collected: 100, delivered: 100))
    }

    @Test func `a sender that cannot begin tries again and costs nobody else anything`()
        async throws
    {
        let server = try StandInHTTPServer(script: [.status(204)])
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(10))
        let attempts = Atomic(0)
        let interrupt = Interrupt()
        let configuration = SenderFixture.configuration(server.url) { _ in }
        let sender = Sender(
            name: "db", policy: SenderFixture.policy(configuration),
            logger: SenderFixture.logger,
            source: { [spool = fixture.spool, path = fixture.path] in
                if attempts.add(1, ordering: .relaxed).newValue < 3 {
                    throw TestSupportError("too many open files")
                }
                return try PendingSource(backend: "db", spool: spool, path: path)
            },
            backend: {
                try BackendRegistry.makeBackend(
                    configuration, interrupt: interrupt, version: "test")
            })
        let running = Task { try await sender.run() }
        #expect(await fixture.drains())
        #expect(attempts.load(ordering: .relaxed) == 3)
        sender.finish()
        try await running.value
    }
}
