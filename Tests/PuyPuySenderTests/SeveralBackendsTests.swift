import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// A dead backend costs only that backend.
@Suite struct SeveralBackendsTests {
    enum Trouble: String, Sendable, CaseIterable {
        case refused
        case hanging
        case dropped
        case refusing
    }

    @Test(.timeLimit(.minutes(10)), arguments: Trouble.allCases)
    func `one backend in trouble makes the other never late`(trouble: Trouble) async throws {
        let hanging = try StandIn { _, _ in .hang }
        let refusing = try StandIn { _, _ in .status(400, body: #"{"error":"never"}"#) }
        let full = try FullListener()
        let absent = try InfluxServer()
        let bad =
            switch trouble {
            case .refused: absent.url
            case .hanging: hanging.url
            case .dropped: "http://127.0.0.1:\(full.port)"
            case .refusing: refusing.url
            }
        let good = try StandIn()
        let fixture = try await SenderFixture(["good", "bad"])
        let running = await fixture.start(good.url, name: "good")
        let troubled = await fixture.start(bad, name: "bad") { $0.timeout = .seconds(20) }
        var committed: [String: ContinuousClock.Instant] = [:]
        let start = ContinuousClock.now
        for number in 0..<40 {
            try await Task.sleep(until: start + .milliseconds(100 * number))
            let points = makePoints(20, metric: "m\(number)")
            await fixture.append(points)
            committed["m\(number),"] = .now
        }
        #expect(await fixture.drains("good"))
        let kept = good.kept
        #expect(kept.count == 800)
        for (metric, time) in committed {
            let lines = kept.filter { $0.key.hasPrefix(metric) }
            #expect(lines.count == 20)
            // A request to a server in trouble takes twenty seconds; what waits for one is later than this.
            #expect(lines.values.allSatisfy { $0 - time < .seconds(10) })
        }
        #expect(running.status.failedRequests == 0)
        #expect(try fixture.books("good") == Ledger(collected: 800, delivered: 800))
        let books = try fixture.books("bad")
        #expect(books.collected == 800)
        if trouble == .refusing {
            #expect(await fixture.drains("bad"))
            #expect(try fixture.books("bad") == Ledger(collected: 800, dead: 800))
        } else {
            #expect(books == Ledger(collected: 800, pending: 800))
            #expect(troubled.status.delivered == 0)
        }
        withExtendedLifetime((hanging, refusing, full, absent)) {}
    }
}
