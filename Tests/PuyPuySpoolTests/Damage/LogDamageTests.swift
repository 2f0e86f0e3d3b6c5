import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuySpool

struct LogDamageTests {
    /// What a kill leaves after `commits` commits, with `durability`.
    private func killed(
        _ commits: Int, _ durability: Durability = .full
    ) async throws -> SpoolFixture {
        let fixture = try SpoolFixture { $0.durability = durability }
        let spool = try await fixture.open()
        for second in 0..<commits { await spool.append(run(points: 50, at: Int64(second))) }
        return try fixture.afterKill()
    }

    private func damage(_ fixture: SpoolFixture, lastFrames: Int) throws {
        var log = try readBytes(fixture.path + "-wal")
        log[log.count - lastFrames * (4096 + 24) + 2_000] ^= 0xFF
        try writeBytes(log, to: fixture.path + "-wal")
    }

    private func isMovedAside(_ fixture: SpoolFixture) async throws -> Bool {
        let spool = try await fixture.open()
        #expect(await spool.append(run(points: 3)) == .durable)
        return fixture.names().contains { $0.contains("damaged") }
    }

    @Test func `a log whose last transaction is torn, as by a power cut, is no damage`()
        async throws
    {
        let fixture = try await killed(20)
        try damage(fixture, lastFrames: 2)
        #expect(try await !isMovedAside(fixture))
        // Without the last of 20 commits, with one new.
        #expect(try fixture.books().ledger == Ledger(collected: 953, pending: 953))
    }

    @Test func `a log that is damaged before commits which were synced is moved aside`()
        async throws
    {
        let fixture = try await killed(20)
        try damage(fixture, lastFrames: 30)
        #expect(try await isMovedAside(fixture))
    }

    /// The log of `fixture` with a transaction of so many rows behind it.
    private func log(of fixture: SpoolFixture, withRows rows: Int) throws -> [UInt8] {
        let copy = try SpoolFixture()
        for suffix in ["", "-wal"] {
            try writeBytes(try readBytes(fixture.path + suffix), to: copy.path + suffix)
        }
        let connection = try Connection(path: copy.path, access: .write)
        try connection.execute(
            """
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT \(rows))
            INSERT INTO series (metric, tags, last_batch) SELECT 'rest_of_\(rows)', n, 1 FROM number
            """)
        return try readBytes(copy.path + "-wal")
    }

    @Test func `the rests of commits whose sync failed are no damage`() async throws {
        let fixture = try await killed(20)
        let attempts = try [4_000, 2_000, 500].map { try log(of: fixture, withRows: $0) }
        var written: [UInt8] = []
        for attempt in attempts { written = attempt + written.dropFirst(attempt.count) }
        try #require(written.count == attempts[0].count)
        try #require(attempts[0].count > attempts[1].count && attempts[1].count > attempts[2].count)
        try writeBytes(written, to: fixture.path + "-wal")
        #expect(try await !isMovedAside(fixture))
        #expect(try fixture.books().ledger == Ledger(collected: 1_003, pending: 1_003))
    }

    @Test func `a frame of the log whose head is damaged costs no batch that is whole on it`()
        async throws
    {
        let commits = 60
        let fixture = try await killed(commits)
        let log = try readBytes(fixture.path + "-wal")
        let frame = 24 + 4096
        let frames = (log.count - 32) / frame
        // Those of the later half: the first ones have the schema.
        for index in (frames / 2)..<frames {
            var damaged = log
            for place in 0..<90 { damaged[32 + index * frame + place] = 0xA5 }
            try writeBytes(damaged, to: fixture.path + "-wal")
            let found = Set(try SpoolRemains(path: fixture.path).batches.map(\.number))
            // The last commit may be the one that is damaged.
            #expect(found.isSuperset(of: 1..<BatchID(commits)), "frame \(index) of \(frames)")
        }
    }

    @Test func `without syncs nothing tells damage from a power cut`() async throws {
        let fixture = try await killed(20, .normal)
        try damage(fixture, lastFrames: 30)
        #expect(try await !isMovedAside(fixture))
    }

    @Test func `an empty file becomes a spool`() async throws {
        let fixture = try SpoolFixture()
        try writeBytes([], to: fixture.path)
        #expect(try await !isMovedAside(fixture))
        #expect(try fixture.books().ledger == Ledger(collected: 3, pending: 3))
    }

    @Test func `a spool that lost its table of numbers goes on behind its batches`() async throws {
        let fixture = try await killed(5)
        do {
            let connection = try Connection(path: fixture.path, access: .write)
            try connection.execute("DELETE FROM sqlite_sequence")
            try connection.execute("UPDATE pending_range SET first_batch = 2")
            try connection.execute("UPDATE ledger SET pending = 200, delivered = 50")
        }
        #expect(try await !isMovedAside(fixture))
        #expect(try fixture.books().balances)
    }

    @Test(arguments: [
        "DELETE FROM ledger", "DELETE FROM pending_range",
        "PRAGMA foreign_keys = OFF; UPDATE pending_range SET backend = 77",
    ])
    func `a spool whose tables contradict each other is moved aside`(sql: String) async throws {
        let fixture = try await killed(5)
        try Connection(path: fixture.path, access: .write).execute(sql)
        #expect(try await isMovedAside(fixture))
    }

    @Test func `a pending batch that is not there is damage, not delivered`() async throws {
        let fixture = try await killed(9)
        try Connection(path: fixture.path, access: .write)
            .execute("DELETE FROM batch WHERE id = 4")
        let error = #expect(throws: SpoolError.self) {
            try fixture.reader().oldest(of: PendingSet(openFirst: 1), maxPoints: 10_000)
        }
        #expect(error?.kind == .damaged)
    }

    @Test func `a series that is not there is damage, not another name`() async throws {
        let fixture = try await killed(3)
        try Connection(path: fixture.path, access: .write)
            .execute("DELETE FROM series WHERE id = 4")
        let error = #expect(throws: SpoolError.self) {
            try fixture.reader().oldest(of: PendingSet(openFirst: 1), maxPoints: 10_000)
        }
        #expect(error?.kind == .damaged)
    }

    @Test func `a file of the first version is checked without being brought up to date`()
        async throws
    {
        let fixture = try await killed(3)
        try Connection(path: fixture.path, access: .write)
            .execute("DROP TABLE salvaged; PRAGMA user_version = 1")
        #expect(throws: SpoolError.self) { try fixture.reader() }
        let reader = try SpoolReader(path: fixture.path, acceptsEarlierVersions: true)
        #expect(try Verifier(reader).run().isSound)
    }
}
