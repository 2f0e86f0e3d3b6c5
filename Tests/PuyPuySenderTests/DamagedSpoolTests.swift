import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import TestSupport
import Testing

/// Bytes of the spool go bad: what is readable is delivered, under its own name.
@Suite struct DamagedSpoolTests {
    /// A closed spool with 100 pending points, and with more series than the writer's page cache holds:
    /// what it has in the cache hides damage from it, and here a commit has to read the file.
    private func crowded() async throws -> SenderFixture {
        let crowd = try await SenderFixture([])
        await crowd.append((0..<30_000).map { makePoint("crowd", ["core": "\($0)"]) })
        await crowd.spool.close()
        let fixture = try await SenderFixture(copyOf: crowd)
        await fixture.append(makePoints(100, metric: "old"))
        await fixture.spool.close()
        return fixture
    }

    @Test func `a damaged batch is counted as expired and the others are delivered`()
        async throws
    {
        let fixture = try await SenderFixture()
        for number in 0..<5 {
            await fixture.append(makePoints(200, metric: "m\(number)"))
        }
        // The same points under the same numbers have the same payload.
        let unit = try #require(
            try SpoolReader(path: fixture.path).oldest(
                of: PendingSet(openFirst: 3), maxPoints: 200))
        #expect(unit.batches == 3...3)
        await fixture.spool.close()
        #expect(try fixture.damage(BatchCodec.encode(unit.block).suffix(64)) == 1)
        let reopened = try await SenderFixture(copyOf: fixture)
        let server = try StandIn()
        await reopened.start(server.url)
        #expect(await reopened.drains())
        #expect(
            try reopened.books() == Ledger(collected: 1_000, delivered: 800, expired: 200))
        #expect(server.kept.count == 800)
        #expect(!server.kept.keys.contains { $0.hasPrefix("m2,") })
    }

    @Test func `when only a damaged batch is pending it is settled without a request`()
        async throws
    {
        let fixture = try await SenderFixture()
        await fixture.append(makePoints(200))
        let unit = try #require(
            try SpoolReader(path: fixture.path).oldest(
                of: PendingSet(openFirst: 1), maxPoints: 200))
        await fixture.spool.close()
        #expect(try fixture.damage(BatchCodec.encode(unit.block).suffix(64)) == 1)
        let reopened = try await SenderFixture(copyOf: fixture)
        let server = try StandIn()
        let running = await reopened.start(server.url)
        #expect(await reopened.drains())
        #expect(try reopened.books() == Ledger(collected: 200, expired: 200))
        #expect(running.status.requests == 0)
        await reopened.append(makePoints(100, metric: "after"))
        #expect(await reopened.drains())
        #expect(server.kept.count == 100)
    }

    @Test func `points in hand of a spool that was replaced are never sent under new names`()
        async throws
    {
        let fixture = try await SenderFixture(copyOf: crowded())
        // The unit is half done, and so stays in hand.
        let server = try StandIn { lines, number in
            switch number {
            case 1: .status(400, body: #"{"error":"partial write: odd dropped=1"}"#)
            case 2: .status(503, headers: ["Retry-After: 1"])
            default: nil
            }
        }
        let running = await fixture.start(server.url)
        #expect(await running.fails("503"))
        #expect(fixture.damagePages(with: "core=".utf8) > 0)
        await fixture.append(makePoints(100, metric: "new"))
        #expect(await fixture.spool.pendingState(of: "db").generation == 1)
        #expect(await fixture.drains())
        #expect(try fixture.books() == Ledger(collected: 100, delivered: 100))
        let new = server.arrivals.dropFirst(2).flatMap(\.lines)
        #expect(new.count == 100)
        #expect(new.allSatisfy { $0.hasPrefix("new,") })
        #expect(Set(new).count == 100)
    }

    @Test func `after a replacement series are written under their names in the new spool`()
        async throws
    {
        let fixture = try await SenderFixture(copyOf: crowded())
        let server = try StandIn()
        await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(fixture.damagePages(with: "core=".utf8) > 0)
        let new = makePoints(100, metric: "new").reversed()
        await fixture.append(Array(new))
        #expect(await fixture.spool.pendingState(of: "db").generation == 1)
        #expect(await fixture.drains())
        let lines = server.arrivals.dropFirst().flatMap(\.lines)
        #expect(lines.count == 100)
        #expect(lines.allSatisfy { $0.hasPrefix("new,") })
        #expect(try fixture.books() == Ledger(collected: 100, delivered: 100))
    }

    @Test func `points of a spool that replaced a damaged one survive a kill`() async throws {
        let fixture = try await SenderFixture(copyOf: crowded())
        #expect(fixture.damagePages(with: "core=".utf8) > 0)
        for number in 0..<3 { await fixture.append(makePoints(100, metric: "new\(number)")) }
        #expect(await fixture.spool.pendingState(of: "db").generation == 1)
        let killed = try await SenderFixture(copyOf: fixture)
        #expect(try killed.books() == Ledger(collected: 300, pending: 300))
        let server = try StandIn()
        await killed.start(server.url)
        #expect(await killed.drains())
        #expect(server.kept.count == 300)
    }

    @Test func `damage that only a sender meets makes a new spool, and what comes is delivered`()
        async throws
    {
        let first = try await SenderFixture()
        await first.append(makePoints(100))
        await first.spool.close()
        let fixture = try await SenderFixture(copyOf: first)
        #expect(fixture.damagePages(with: "core=49".utf8) > 0)
        let server = try StandIn()
        await fixture.start(server.url)
        #expect(await soon { await fixture.spool.pendingState(of: "db").generation == 1 })
        await fixture.append(makePoints(100, metric: "new"))
        #expect(await fixture.drains())
        // Nothing was sent under a name that could not be read.
        #expect(server.kept.count == 100)
        #expect(server.kept.keys.allSatisfy { $0.hasPrefix("new,") })
        #expect(try fixture.books() == Ledger(collected: 100, delivered: 100))
    }

    @Test func `a spool whose books cannot be read at the start is moved aside, and all goes on`()
        async throws
    {
        let first = try await SenderFixture(["a_backend_to_find"])
        await first.append(makePoints(100, metric: "old"))
        await first.spool.close()
        #expect(first.damagePages(with: "a_backend_to_find".utf8) > 0)
        let fixture = try await SenderFixture(copyOf: first)
        await fixture.append(makePoints(100, metric: "new"))
        let server = try StandIn()
        await fixture.start(server.url)
        #expect(await fixture.drains())
        #expect(server.kept.count == 100)
        #expect(try fixture.books() == Ledger(collected: 100, delivered: 100))
    }
}
