import Glibc
import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import Synchronization
import TestSupport
import Testing

/// A backlog is delivered by two requests at a time, as long as all goes well.
@Suite struct CompanionTests {
    /// How many requests are under way, and the most that were.
    private final class Traffic: Sendable {
        private let state = Mutex((now: 0, most: 0))

        var now: Int { state.withLock { $0.now } }
        var most: Int { state.withLock { $0.most } }

        func enter() {
            state.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
        }

        func leave() { state.withLock { $0.now -= 1 } }
    }

    /// A server whose requests, from the seventh on, wait for a second one, a while at most.
    private func pairingServer(_ traffic: Traffic) throws -> StandIn {
        try StandIn { _, number in
            traffic.enter()
            if number > 6 { _ = eventually(within: .milliseconds(300)) { traffic.now > 1 } }
            traffic.leave()
            return nil
        }
    }

    @Test func `two requests are under way at a time, and everything arrives`() async throws {
        let traffic = Traffic()
        let server = try pairingServer(traffic)
        let fixture = try await SenderFixture()
        let points = makePoints(40_000)
        await fixture.append(points, batchesOf: 1_000)
        let running = await fixture.start(server.url) { $0.maxBatchPoints = 2_000 }
        #expect(await fixture.drains())
        #expect(traffic.most == 2)
        #expect(server.kept.count == points.count)
        #expect(server.arrivals.count == 20, "each unit goes once")
        #expect(try fixture.books() == Ledger(collected: 40_000, delivered: 40_000))
        #expect(running.status.delivered == 40_000)
        #expect(running.status.requests == 20)
    }

    @Test(arguments: ["the order", "the rate", "the size"])
    func `one request at a time where it matters`(what: String) async throws {
        let traffic = Traffic()
        let server = try StandIn { _, _ in
            traffic.enter()
            usleep(20_000)
            traffic.leave()
            return nil
        }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(20_000), batchesOf: 500)
        await fixture.start(server.url) { configuration in
            configuration.maxBatchPoints = 1_000
            switch what {
            case "the order": configuration.drainOrder = .oldestFirst
            case "the rate": configuration.maxPointsPerSecond = 20_000
            default: configuration.maxBatchPoints = 500
            }
        }
        #expect(await fixture.drains())
        #expect(traffic.most == 1)
        #expect(try fixture.books() == Ledger(collected: 20_000, delivered: 20_000))
    }

    @Test func `what a second request cannot deliver is delivered all the same`() async throws {
        let traffic = Traffic()
        let failures = Mutex(0)
        // Of two requests at a time one fails, in turns in every way there is.
        let server = try StandIn { _, number in
            traffic.enter()
            defer { traffic.leave() }
            guard number > 6, eventually(within: .milliseconds(100), { traffic.now > 1 }),
                number.isMultiple(of: 2)
            else { return nil }
            let failure = failures.withLock { count -> Int in
                defer { count += 1 }
                return count
            }
            switch failure % 4 {
            case 0: return .status(503)
            case 1: return .close
            case 2: return .status(413)
            default: return .status(500, body: #"{"error":"timeout"}"#)
            }
        }
        let fixture = try await SenderFixture()
        let points = makePoints(60_000)
        await fixture.append(points, batchesOf: 1_000)
        let running = await fixture.start(server.url) { $0.maxBatchPoints = 2_000 }
        #expect(await fixture.drains(within: .seconds(120)))
        #expect(traffic.most == 2)
        #expect(failures.withLock(\.self) > 0)
        #expect(server.kept.count == points.count)
        #expect(try fixture.books() == Ledger(collected: 60_000, delivered: 60_000))
        #expect(running.status.delivered == 60_000)
        #expect(running.reason == nil)
    }

    @Test func `points that a server refuses die once, whoever meets them`() async throws {
        let server = try StandIn(StandIn.refusingPoison("field type conflict"))
        let fixture = try await SenderFixture()
        let good = makePoints(60_000)
        let poison = (0..<6).map { makePoint("poison\($0)") }
        for (part, bad) in zip(stride(from: 0, to: good.count, by: 10_000), poison) {
            await fixture.append(Array(good[part..<part + 5_000]), batchesOf: 1_000)
            await fixture.append([bad])
            await fixture.append(Array(good[part + 5_000..<part + 10_000]), batchesOf: 1_000)
        }
        await fixture.start(server.url) { $0.maxBatchPoints = 2_000 }
        #expect(await fixture.drains(within: .seconds(120)))
        #expect(server.kept.count == good.count)
        #expect(
            try fixture.books() == Ledger(collected: 60_006, delivered: 60_000, dead: 6))
        #expect(
            Set(try fixture.deadLetters().map(\.point.series.metric))
                == Set(poison.map(\.series.metric)))
    }

    @Test func `a sender that ends waits for its second request`() async throws {
        let traffic = Traffic()
        let release = Mutex(false)
        let server = try StandIn { _, number in
            traffic.enter()
            if number > 6 { _ = eventually { release.withLock(\.self) } }
            traffic.leave()
            return nil
        }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(30_000), batchesOf: 1_000)
        let running = await fixture.start(server.url) { $0.maxBatchPoints = 1_000 }
        #expect(await soon { traffic.now == 2 })
        running.sender.finish()
        release.withLock { $0 = true }
        try await running.end()
        #expect(try fixture.books() == Ledger(collected: 30_000, delivered: 30_000))
        #expect(server.arrivals.count == 30)
    }

    @Test func `a sender whose requests are cut ends, and nothing is lost`() async throws {
        let traffic = Traffic()
        let server = try StandIn { _, number in
            traffic.enter()
            return number > 6 ? .hang : nil
        }
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(30_000), batchesOf: 1_000)
        let running = await fixture.start(server.url) {
            $0.maxBatchPoints = 1_000
            $0.timeout = .seconds(600)
        }
        #expect(await soon { traffic.now == 8 })
        running.sender.finish()
        running.interrupt.raise()
        try await running.end()
        #expect(
            try fixture.books() == Ledger(collected: 30_000, delivered: 6_000, pending: 24_000))
    }
}
