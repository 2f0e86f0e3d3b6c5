import Glibc
import PuyPuyCore
import Synchronization
import TestSupport
import Testing

@testable import PuyPuySpool

extension SpoolFixture {
    func overwrite(_ bytes: [UInt8], at offset: Int) {
        let file = Glibc.open(path, O_WRONLY)
        pwrite(file, bytes, bytes.count, off_t(offset))
        close(file)
    }
}

struct DamageTests {
    @Test func `a file that is no spool is moved aside, never deleted`() async throws {
        let fixture = try SpoolFixture()
        let text = Array("this is not a database, but somebody may want it\n".utf8)
        let padded = text + [UInt8](repeating: 0x20, count: 8192)
        try writeBytes(padded, to: fixture.path)
        let spool = try await fixture.open()
        #expect(await spool.append(run(points: 3)) == .durable)
        let aside = try #require(fixture.names().first { $0.contains("damaged") })
        var status = stat()
        #expect(stat(fixture.directory.path + "/" + aside, &status) == 0)
        #expect(Int(status.st_size) == padded.count)
    }

    @Test func `a header that is damaged starts a new spool and keeps the old file`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 30))
        await spool.close()
        let killed = try fixture.afterKill()
        killed.overwrite([UInt8](repeating: 0xAA, count: 100), at: 0)
        let reopened = try await killed.open()
        #expect(await reopened.append(run(points: 3)) == .durable)
        #expect(killed.names().contains { $0.contains("damaged") })
        #expect(try killed.books().ledger == Ledger(collected: 3, pending: 3))
    }

    @Test func `a damaged batch is found by its checksum and named, the others are read`()
        async throws
    {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for index in 0..<3 { await spool.append(run(points: 600 + index, series: 600)) }
        await spool.close()
        let killed = try fixture.afterKill()
        // The payload of the second batch spans overflow pages of its own: find bytes of it.
        let bytes = try readBytes(killed.path)
        let reader = try killed.reader()
        var damagedOne = false
        for page in stride(from: bytes.count - 4096, to: 8192, by: -4096) where !damagedOne {
            killed.overwrite([bytes[page + 2000] ^ 0xFF], at: page + 2000)
            let unit = try? killed.reader().oldest(
                of: PendingSet(openFirst: 1), maxPoints: 100_000)
            if let unit, unit.damaged.count == 1 {
                damagedOne = true
                #expect(unit.ends.count == 2)
                #expect(unit.damaged[0].damage == .checksum)
            } else {
                killed.overwrite([bytes[page + 2000]], at: page + 2000)
            }
        }
        #expect(damagedOne)
        _ = reader
        let reopened = try await killed.open()
        let unit = try #require(
            try killed.reader().oldest(
                of: await reopened.pendingSet(of: "db"), maxPoints: 100_000))
        _ = try await reopened.acknowledge(
            Acknowledgement(
                backend: "db", batches: unit.batches, damaged: unit.damaged.map(\.batch)))
        let books = try killed.books()
        #expect(books.balances)
        #expect(books.ledger.expired >= 600)
        #expect(books.ledger.pending == 0)
    }

    @Test func `a spool that begins anew while it runs touches neither file of the other`()
        async throws
    {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run("old", points: 30))
        await spool.reportDamage(
            SpoolError(.damaged, operation: "cannot read", subject: "a test", cause: "made up"),
            generation: 0)
        await spool.append(run("new", points: 4))
        let killed = try fixture.afterKill()
        let reopened = try await killed.open()
        #expect(try killed.books().ledger == Ledger(collected: 4, pending: 4))
        #expect(await reopened.pendingState(of: "db").lastBatch > 1)
        // What was moved aside still opens, and has what was committed before.
        let aside = try #require(
            fixture.names().first {
                $0.contains("damaged") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
            })
        let old = try SpoolReader(path: fixture.directory.path + "/" + aside)
        #expect(try old.summary().points == 30)
    }

    @Test func `a directory in the file's place and a missing permission are said in words`() throws
    {
        let fixture = try SpoolFixture()
        mkdir(fixture.path, 0o700)
        let error = #expect(throws: SpoolError.self) {
            try Spool(fixture.options, logger: SpoolFixture.logger)
        }
        #expect(error?.description.contains("Is a directory") == true)
    }

    @Test func `a file that cannot be opened for reading is closed once`() throws {
        let fixture = try SpoolFixture()
        mkdir(fixture.path, 0o700)
        for _ in 0..<200 {
            #expect(throws: SpoolError.self) { try SpoolReader(path: fixture.path) }
        }
    }

    @Test func `a kill between a damaged file and the next commit loses no batch numbers`()
        async throws
    {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for second in 0..<5 { await spool.append(run(points: 3, at: Int64(second))) }
        await spool.reportDamage(.made(.damaged), generation: 0)
        let killed = try fixture.afterKill()
        let reopened = try await killed.open()
        await reopened.append(run(points: 4))
        #expect(try killed.books().ledger == Ledger(collected: 4, pending: 4))
        #expect(try killed.books().balances)
        #expect(await reopened.pendingState(of: "db").set.openFirst == reopened.lastBatch)
    }

    @Test func `two damaged files of one second are both kept`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for generation in 0..<3 {
            await spool.append(run(points: 10 + generation))
            await spool.reportDamage(.made(.damaged), generation: generation)
        }
        let kept = fixture.names().filter {
            $0.contains("damaged") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
        }
        let points = try kept.map {
            try SpoolReader(path: fixture.directory.path + "/" + $0).summary().points
        }
        #expect(points.sorted() == [10, 11, 12])
    }

    @Test func `a damaged file that cannot be moved aside stops nothing`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        // More than a checkpoint's worth of log.
        for second in 0..<30 { await spool.append(run(points: 5_000, at: Int64(second))) }
        let obstacle = "\(fixture.path).damaged-\(fixture.clock.nowNs / 1_000_000_000)"
        mkdir(obstacle + "-shm", 0o700)
        await spool.reportDamage(.made(.damaged), generation: 0)
        #expect(await spool.append(run(points: 1)) == .durable)
        await spool.reportDamage(.made(.damaged), generation: 1)
        #expect(await spool.close() == 0)
    }

    @Test func `points are booked for every backend once a new file can be set up`() async throws {
        let fixture = try SpoolFixture()
        let path = fixture.path
        let isObstructing = Mutex(false)
        let spool = try Spool(
            fixture.options, logger: SpoolFixture.logger,
            wallNs: {
                // Asked between the old file's leaving and the new one's making.
                if isObstructing.withLock({ $0 }), fileSizeBytes(path) == 0 {
                    try? obstruct(
                        path,
                        """
                        CREATE TRIGGER no BEFORE INSERT ON backend
                        BEGIN SELECT RAISE(ABORT, 'no'); END
                        """)
                }
                return 1_763_900_000_000_000_000
            }, freeBytes: { nil })
        try await spool.configure([SpoolBackend(name: "db", type: "test")])
        isObstructing.withLock { $0 = true }
        await spool.reportDamage(.made(.damaged), generation: 0)
        isObstructing.withLock { $0 = false }
        #expect(await spool.append(run(points: 3)) == .buffered)
        try obstruct(path, "DROP TRIGGER no")
        #expect(await spool.append(run(points: 4)) == .durable)
        #expect(try fixture.books().ledger == Ledger(collected: 7, pending: 7))
        #expect(try fixture.books().balances)
    }
}

/// Runs `sql` on the spool at `path`, which is made when it is missing.
private func obstruct(_ path: String, _ sql: String) throws {
    let connection = try Connection(path: path, access: .write)
    try Migrations.migrate(connection)
    try connection.execute(sql)
}

extension SpoolError {
    fileprivate static func made(_ kind: Kind) -> SpoolError {
        SpoolError(kind, operation: "cannot read", subject: "a test", cause: "made up")
    }
}
