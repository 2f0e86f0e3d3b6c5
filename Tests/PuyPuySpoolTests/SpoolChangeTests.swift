import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

@Suite struct SpoolChangeTests {
    @Test func `other limits hold from the next commit on`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        #expect(await spool.append(run(points: 5, at: 1)) == .durable)
        var options = fixture.options
        options.maxBytes = 1
        options.overflow = .dropNewest
        try await spool.change(options)
        await spool.append(run(points: 5, at: 2))
        #expect(try fixture.books().ledger == Ledger(collected: 10, pending: 5, expired: 5))
        try await spool.change(fixture.options)
        #expect(await spool.append(run(points: 5, at: 3)) == .durable)
        await spool.close()
        #expect(try fixture.books().ledger == Ledger(collected: 15, pending: 10, expired: 5))
    }

    @Test func `another retention takes what is delivered, and the path stays`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open([
            SpoolBackend(name: "db", type: "Local", keepsPoints: true)
        ])
        #expect(await spool.append(run(points: 5, at: 1)) == .durable)
        while await spool.maintain() {}
        #expect(try fixture.reader().summary().points == 5)
        var options = fixture.options
        options.retain = .zero
        options.durability = .full
        options.path = fixture.directory.path + "/other.db"
        try await spool.change(options)
        fixture.clock.advance(.seconds(60))
        while await spool.maintain() {}
        #expect(try fixture.reader().summary().points == 0)
        #expect(!fixture.names().contains { $0.hasPrefix("other") })
        await spool.close()
    }
}
