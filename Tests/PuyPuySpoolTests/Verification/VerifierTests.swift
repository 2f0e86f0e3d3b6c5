import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuySpool

struct VerifierTests {
    /// A closed spool of some batches that each have pages of their own.
    private func spool(batches: Int = 12) async throws -> SpoolFixture {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for index in 0..<batches {
            await spool.append(run(points: 2_000 + index, at: Int64(index), series: 2_000))
        }
        await spool.close()
        return fixture
    }

    private func verify(_ fixture: SpoolFixture) throws -> Verification {
        let verifier = Verifier(try fixture.reader())
        return try verifier.run()
    }

    private func change(_ fixture: SpoolFixture, _ sql: String) throws {
        let connection = try Connection(path: fixture.path, access: .write)
        try connection.execute(sql)
        try connection.checkpoint(.truncate)
    }

    @Test func `a sound spool is sound, and all of it was looked at`() async throws {
        let fixture = try await spool()
        var parts: [Double] = []
        let verifier = Verifier(try fixture.reader())
        let found = try verifier.run { parts.append($0) }
        #expect(found.isSound, "\(found)")
        #expect(found.batches == 12)
        #expect(found.points == 12 * 2_000 + 66)
        #expect(found.backends.map(\.name) == ["db"])
        #expect(parts.last == 1)
        #expect(parts == parts.sorted())
    }

    @Test func `a spool that is being written to is sound`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for second in 0..<5 { await spool.append(run(points: 100, at: Int64(second))) }
        #expect(try verify(fixture).isSound)
    }

    @Test func `a spool without a batch is sound`() async throws {
        let fixture = try SpoolFixture()
        _ = try await fixture.open()
        #expect(try verify(fixture).isSound)
    }

    @Test func `a batch whose bytes changed is named with its points and the reason`() async throws
    {
        let fixture = try await spool()
        try change(
            fixture,
            """
            UPDATE batch SET payload =
                CAST(substr(payload, 1, 100) || x'00' || substr(payload, 102) AS BLOB)
            WHERE id = 5
            """)
        let found = try verify(fixture)
        #expect(!found.isSound)
        #expect(found.isUsable)
        #expect(found.damagedBatches.map(\.batch) == [5])
        #expect(found.damagedPoints == 2_004)
        #expect(found.damagedBatches[0].committedNs == fixture.clock.nowNs)
        #expect(found.damagedBatches[0].reason.contains("checksum"))
        #expect(found.batches == 12)
    }

    @Test(arguments: ["points = 7", "first_ns = 7", "last_ns = 7"])
    func `a batch whose row disagrees with its bytes is named`(column: String) async throws {
        let fixture = try await spool(batches: 2)
        try change(fixture, "UPDATE batch SET \(column) WHERE id = 2")
        let found = try verify(fixture)
        #expect(found.damagedBatches.map(\.batch) == [2])
        #expect(found.damagedBatches[0].reason.contains("its row says"))
    }

    @Test func `a series that is missing is named with the batch`() async throws {
        let fixture = try await spool(batches: 3)
        try change(fixture, "DELETE FROM series WHERE id = 7")
        let found = try verify(fixture)
        #expect(found.missingSeries.map(\.series) == [7, 7, 7])
        #expect(found.missingSeries.first?.batch == 1)
        #expect(!found.isSound)
    }

    @Test(arguments: [
        ("INSERT INTO pending_range SELECT id, 3, 5 FROM backend", "twice"),
        (
            """
            UPDATE pending_range SET first_batch = 13;
            INSERT INTO pending_range SELECT id, 9, 4 FROM backend
            """, "from 9 to 4"
        ),
        (
            """
            UPDATE pending_range SET first_batch = 90;
            INSERT INTO pending_range SELECT id, 9, 40 FROM backend
            """, "none has a higher number than 12"
        ),
        ("UPDATE ledger SET collected = collected + 1", "do not balance"),
        ("UPDATE ledger SET collected = collected + 1, pending = pending + 1", "do not balance"),
        ("DELETE FROM batch WHERE id = 3", "do not balance"),
        ("DELETE FROM ledger", "no books"),
    ])
    func `pending ranges and books that do not fit are said in words`(
        sql: String, words: String
    ) async throws {
        let fixture = try await spool()
        try change(fixture, sql)
        let found = try verify(fixture)
        #expect(found.accounts.contains { $0.contains(words) }, "\(found.accounts)")
        #expect(!found.isSound)
        #expect(!found.isUsable)
    }

    @Test func `pending ranges that overlap are damage to a spool that opens`() async throws {
        let fixture = try await spool(batches: 6)
        try change(fixture, "UPDATE pending_range SET first_batch = 3")
        try change(fixture, "INSERT INTO pending_range SELECT id, 1, 4 FROM backend")
        let reopened = try await fixture.open()
        #expect(fixture.names().contains { $0.contains("damaged") })
        #expect(await reopened.append(run(points: 3)) == .durable)
    }

    @Test func `whatever page is damaged, the check ends, and finds it or a whole spool`()
        async throws
    {
        let fixture = try await spool()
        let bytes = try readBytes(fixture.path)
        var unreadable = 0
        for page in 0..<pageCount(of: bytes) {
            let copy = try fixture.afterKill()
            copy.overwrite([UInt8](repeating: 0xA5, count: 4096), at: page * 4096)
            do {
                let found = try verify(copy)
                #expect(!found.isSound, "page \(page)")
                if !found.unreadable.isEmpty { unreadable += 1 }
                // Whatever is not said to be damaged was read.
                let numbers = found.unreadable.reduce(Int64(0)) { $0 + Int64($1.count) }
                #expect(found.batches + numbers >= 12 || !found.structure.isEmpty)
            } catch let error as SpoolError {
                #expect(error.kind == .damaged, "page \(page): \(error)")
            }
        }
        #expect(unreadable > 0)
    }
}
