import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// Answers and faults that a real server does not give on demand: nothing is lost by any of them.
@Suite struct SenderTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reply: StandInHTTPServer.Reply
        let words: String
        var isHeld = false
    }

    static let faults = [
        Fault(
            testDescription: "500",
            reply: .status(500, body: #"{"error":"timeout"}"#), words: "HTTP 500: timeout"),
        Fault(testDescription: "503", reply: .status(503), words: "HTTP 503"),
        Fault(testDescription: "429", reply: .status(429, body: "slow down"), words: "slow down"),
        Fault(testDescription: "408", reply: .status(408), words: "HTTP 408"),
        Fault(testDescription: "no answer", reply: .hang, words: "timed out"),
        Fault(testDescription: "close", reply: .close, words: "mpty reply"),
        Fault(testDescription: "reset", reply: .reset, words: "reset by peer"),
        Fault(
            testDescription: "cut body", reply: .cutBody(status: 200, resets: false),
            words: "transfer closed"),
        Fault(
            testDescription: "reset in the body", reply: .cutBody(status: 200, resets: true),
            words: "reset by peer"),
        Fault(
            testDescription: "no HTTP", reply: .raw(Array("SSH-2.0-OpenSSH_9.6\r\n".utf8)),
            words: "HTTP/0.9", isHeld: true),
        Fault(
            testDescription: "200", reply: .status(200, body: "<html>"), words: "204",
            isHeld: true),
        Fault(
            testDescription: "401", reply: .status(401, body: #"{"error":"who are you"}"#),
            words: "who are you", isHeld: true),
        Fault(testDescription: "403", reply: .status(403), words: "HTTP 403", isHeld: true),
        Fault(
            testDescription: "301", reply: .status(301, headers: ["Location: http://elsewhere/"]),
            words: "elsewhere", isHeld: true),
    ]

    @Test(arguments: faults)
    func `a fault keeps everything pending and says why, and afterwards everything arrives`(
        fault: Fault
    ) async throws {
        let server = try StandIn { _, _ in fault.reply }
        let fixture = try await SenderFixture()
        let points = makePoints(1_000)
        await fixture.append(points, batchesOf: 100)
        let running = await fixture.start(server.url) { $0.timeout = .milliseconds(500) }
        #expect(await running.fails(fault.words), "\(running.status.condition)")
        #expect(try fixture.books() == Ledger(collected: 1_000, pending: 1_000))
        #expect(running.status.failedRequests >= 1)
        server.change { _, _ in nil }
        if case .holding(_, let hint, _) = running.status.condition {
            #expect(fault.isHeld)
            #expect(!hint.isEmpty)
            // Somebody has corrected it and restarts the daemon.
            await running.stop()
            await fixture.start(server.url)
            #expect(await fixture.drains())
        } else {
            #expect(!fault.isHeld)
            #expect(await fixture.drains())
            #expect(running.reason == nil)
        }
        #expect(server.kept.count == 1_000)
        #expect(try fixture.books() == Ledger(collected: 1_000, delivered: 1_000))
    }

    @Test func `Retry-After is waited for`() async throws {
        let server = try StandIn { _, number in
            number == 1 ? .status(503, headers: ["Retry-After: 2"]) : nil
        }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(100))
        await fixture.start(server.url)
        #expect(await soon { server.arrivals.count == 1 })
        // Neither new points nor a wake-up shorten the wait.
        await fixture.append(makePoints(100, metric: "n"))
        #expect(await fixture.drains())
        let arrivals = server.arrivals.map(\.at)
        #expect(arrivals[1] - arrivals[0] >= .seconds(2))
        #expect(arrivals[1] - arrivals[0] < .seconds(60))
        #expect(server.kept.count == 200)
    }

    @Test func `a refused connection is tried again until the server is there`() async throws {
        let server = try InfluxServer()
        let fixture = try await SenderFixture()
        let points = makePoints(1_000)
        await fixture.append(points)
        let running = await fixture.start(server.url)
        #expect(await running.fails("onnect"))
        #expect(await soon(within: .seconds(60)) { running.status.failedRequests >= 3 })
        #expect(try fixture.books() == Ledger(collected: 1_000, pending: 1_000))
        try server.start()
        // The database is not there yet: that would be held for a minute.
        await running.stop()
        try server.createDatabase("puypuy")
        let restarted = await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(restarted.reason == nil)
        #expect(try server.facts() == facts(points))
    }

    @Test func `a name that does not resolve is said, and nothing is lost`() async throws {
        let server = try StandIn()
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(1_000))
        let running = await fixture.start("http://name.invalid:8086")
        #expect(await running.fails("Could not resolve host: name.invalid"))
        guard case .backingOff = running.status.condition else {
            Issue.record("\(running.status.condition)")
            return
        }
        #expect(try fixture.books() == Ledger(collected: 1_000, pending: 1_000))
        await running.stop()
        await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(server.kept.count == 1_000)
    }

    @Test(arguments: [true, false])
    func `bodies are compressed when asked for`(gzip: Bool) async throws {
        let server = try StandIn()
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(5_000))
        await fixture.start(server.url) { $0.compresses = gzip }
        #expect(await fixture.drains())
        let arrival = try #require(server.arrivals.first)
        #expect(arrival.isGzip == gzip)
        let bodyBytes = arrival.lines.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect(gzip ? arrival.wireBytes < bodyBytes / 2 : arrival.wireBytes == bodyBytes)
        #expect(server.kept.count == 5_000)
    }
}
