import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct CarbonPacingTests {
    /// One point of each of `count` series, at this second.
    static func block(_ count: Int) -> (PointBlock, [SeriesID: Series]) {
        let (block, catalog, _) = CarbonBackendTests.block(series: count, seconds: 1)
        return (block, catalog)
    }

    static func backend(
        _ url: String, limit: Int, clock: HandClock
    ) throws -> CarbonBackend {
        var configuration = BackendConfiguration(name: "graphite", type: .carbon)
        configuration.url = url
        configuration.maxCreatesPerMinute = limit
        return try CarbonBackend(
            configuration, interrupt: Interrupt(), version: "test", clock: { clock.now })
    }

    @Test func `a request carries what may go, and says which`() throws {
        let peer = try LoopbackPeer(.readsAll)
        let clock = HandClock()
        let backend = try Self.backend(peer.url, limit: 10, clock: clock)
        let (block, catalog) = Self.block(12)
        #expect(
            backend.deliver(block, catalog: catalog) == Attempt(.accepted, rows: Array(0..<8)))
        let rest = block.selecting(8..<12)
        guard case .postponed(let pause) = backend.deliver(rest, catalog: catalog).outcome else {
            Issue.record("not postponed")
            return
        }
        #expect(peer.connectionCount == 1)
        clock.advance(pause)
        #expect(backend.deliver(rest, catalog: catalog) == Attempt(.accepted, rows: [0]))
        #expect(backend.deliver(block.selecting(0..<9), catalog: catalog) == Attempt(.accepted))
    }

    @Test func `a refused point needs no leave`() throws {
        let peer = try LoopbackPeer(.readsAll)
        let clock = HandClock()
        let backend = try Self.backend(peer.url, limit: 1, clock: clock)
        var (block, catalog) = Self.block(2)
        block.append(series: 3, timestampNs: -1, value: .double(1))
        catalog[3] = Series(metric: "bad")
        let attempt = backend.deliver(block, catalog: catalog)
        #expect(attempt.rows == [0, 2])
        guard case .acceptedExcept(let refused) = attempt.outcome else {
            Issue.record("\(attempt)")
            return
        }
        #expect(refused.map(\.row) == [2])
        let alone = backend.deliver(block.selecting(1..<3), catalog: catalog)
        #expect(alone.rows == [1], "one waits, the other is refused without a request")
        #expect(peer.connectionCount == 1)
    }

    @Test func `a Carbon that cannot be reached uses nothing up`() throws {
        let clock = HandClock()
        let backend = try Self.backend("tcp://127.0.0.1:1", limit: 10, clock: clock)
        let (block, catalog) = Self.block(12)
        for _ in 1...3 {
            let attempt = backend.deliver(block, catalog: catalog)
            #expect(attempt.rows == Array(0..<8))
            guard case .unreachable = attempt.outcome else {
                Issue.record("\(attempt.outcome)")
                return
            }
        }
    }

    @Test func `a Carbon with Debian's limit drops a burst, and nothing that is paced`()
        async throws
    {
        var options = CarbonServer.Options()
        options.maxCreatesPerMinute = 50
        let (block, catalog) = Self.block(54)

        let dropping = try CarbonServer.started(options)
        let hasty = try CarbonBackendTests.backend(dropping.url)
        #expect(hasty.deliver(block, catalog: catalog) == Attempt(.accepted))

        let server = try CarbonServer.started(options)
        let backend = try CarbonBackendTests.backend(server.url) { $0.maxCreatesPerMinute = 50 }
        var left = Array(0..<54)
        while !left.isEmpty {
            let attempt = backend.deliver(block.selecting(left), catalog: catalog)
            switch attempt.outcome {
            case .accepted:
                let gone = Set(attempt.rows ?? Array(left.indices))
                left = left.indices.filter { !gone.contains($0) }.map { left[$0] }
            case .postponed(let pause): try await Task.sleep(for: pause)
            default:
                Issue.record("\(attempt.outcome)")
                return
            }
        }
        #expect(try server.points(waitingFor: 54).count == 54)
        // By now, many seconds later, it has written all that it will ever write.
        #expect(try dropping.points().count < 54)
    }
}
