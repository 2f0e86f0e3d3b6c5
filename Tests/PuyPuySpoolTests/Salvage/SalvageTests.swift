import Glibc
import PuyPuyCore
import Synchronization
import TestSupport
import Testing

@testable import PuyPuySpool

@Suite(.timeLimit(.minutes(10)))
struct SalvageTests {
    /// A new spool with the realistic one's backends.
    private func target(
        _ backends: [SpoolBackend] = RealisticSpool.backends
    ) async throws -> (SpoolFixture, Spool) {
        let fixture = try SpoolFixture()
        return (fixture, try await fixture.open(backends))
    }

    private func change(_ fixture: SpoolFixture, _ sql: String) throws {
        let connection = try Connection(path: fixture.path, access: .write)
        try connection.execute(sql)
        try connection.checkpoint(.truncate)
    }

    @Test(arguments: [false, true])
    func `everything in a sound spool comes over, pending for whom it was pending`(
        isKilled: Bool
    ) async throws {
        let source = try await RealisticSpool(batches: 60, isKilled: isKilled)
        let before = try readBytes(source.fixture.path)
        let (fixture, spool) = try await target()
        let found = try await spool.salvage(source.fixture.path)
        #expect(found.isComplete, "\(found)")
        #expect(found.batches.number == Int64(source.batches.count))
        #expect(Int(found.batches.points) == source.points().count)
        let contents = try SpoolContents(fixture)
        #expect(contents.points == source.points())
        #expect(contents.count == source.points().count)
        for name in ["influx", "carbon"] {
            #expect(contents.pending[name] == source.points(pendingFor: name))
        }
        #expect(!source.letters.isEmpty)
        #expect(Set(contents.letters) == source.letters)
        #expect(contents.letters.count == source.letters.count)
        #expect(contents.balance)
        let influx = try fixture.books("influx").ledger
        let owed = Int64(source.points(pendingFor: "influx").count)
        let dead = Int64(source.letters.count)
        #expect(influx == Ledger(collected: owed + dead, pending: owed, dead: dead))
        let here = try fixture.books("here").ledger
        let all = Int64(source.points().count)
        #expect(here == Ledger(collected: all, delivered: all))
        #expect(try await spool.rateStates().count == 80)
        #expect(try readBytes(source.fixture.path) == before)
    }

    @Test func `the same file a second time adds nothing`() async throws {
        let source = try await RealisticSpool(batches: 40)
        let (fixture, spool) = try await target()
        let first = try await spool.salvage(source.fixture.path)
        let books = try fixture.reader().audit().map(\.ledger)
        let second = try await spool.salvage(source.fixture.path)
        #expect(second.batches == Salvage.Count())
        #expect(second.known == first.batches)
        #expect(second.letters == 0)
        #expect(second.knownLetters == first.letters)
        #expect(try fixture.reader().audit().map(\.ledger) == books)
        #expect(try SpoolContents(fixture).count == source.points().count)
    }

    @Test func `a dry run says the same and writes nothing`() async throws {
        let source = try await RealisticSpool(batches: 40)
        let (fixture, spool) = try await target()
        let dry = try Salvage.survey(
            source.fixture.path, for: fixture.path, configured: RealisticSpool.backends)
        #expect(try fixture.reader().summary().points == 0)
        let wet = try await spool.salvage(source.fixture.path)
        #expect(dry.batches == wet.batches)
        #expect(dry.letters == wet.letters)
        for backend in wet.backends {
            let same = try #require(dry.backends.first { $0.name == backend.name })
            #expect(same.pending == backend.pending)
            #expect(same.kept == backend.kept)
            #expect(same.dead == backend.dead)
        }
        let again = try Salvage.survey(
            source.fixture.path, for: fixture.path, configured: RealisticSpool.backends)
        #expect(again.batches.number == 0)
        #expect(again.knownLetters == wet.letters)
    }

    @Test func `what comes over goes behind what is there, into the backlog`() async throws {
        let source = try await RealisticSpool(batches: 30)
        let (fixture, spool) = try await target()
        await spool.append(run("new", points: 7))
        _ = try await spool.salvage(source.fixture.path)
        await spool.append(run("newer", points: 5))
        let state = await spool.pendingState(of: "carbon")
        #expect(state.set.openFirst == state.lastBatch)
        #expect(state.set.contains(1))
        let books = try fixture.books("carbon")
        #expect(books.balances)
        #expect(Int(books.ledger.pending) == source.points(pendingFor: "carbon").count + 12)
        #expect(try Verifier(fixture.reader()).run().isSound)
    }

    @Test func `backends that are not configured keep what is pending for them`() async throws {
        let source = try await RealisticSpool(batches: 30)
        let (fixture, spool) = try await target([SpoolBackend(name: "other", type: "InfluxDB")])
        let found = try await spool.salvage(source.fixture.path)
        #expect(found.isComplete)
        let contents = try SpoolContents(fixture)
        #expect(contents.pending["influx"] == source.points(pendingFor: "influx"))
        #expect(contents.pending["other"] == nil)
        #expect(try fixture.books("other").ledger == Ledger())
        #expect(contents.balance)
        await spool.append(run(points: 3))
        #expect(try fixture.books("other").ledger == Ledger(collected: 3, pending: 3))
        #expect(
            try Int(fixture.books("influx").ledger.pending)
                == source.points(pendingFor: "influx").count)
    }

    @Test func `a batch whose bytes changed is named, and its points are booked as expired`()
        async throws
    {
        let source = try await RealisticSpool(batches: 30)
        let batch = source.pending["carbon"]!.max()!
        try change(
            source.fixture,
            """
            UPDATE batch SET payload =
                CAST(substr(payload, 1, 50) || x'00' || substr(payload, 52) AS BLOB)
            WHERE id = \(batch)
            """)
        let (fixture, spool) = try await target()
        let found = try await spool.salvage(source.fixture.path)
        let lost = Int64(source.batches[batch]!.count)
        #expect(!found.isComplete)
        #expect(found.lostBatches.map(\.batch) == [batch])
        #expect(found.damaged.points == lost)
        #expect(found.backends.first { $0.name == "carbon" }?.lost == lost)
        #expect(try fixture.books("carbon").ledger.expired == lost)
        _ = try await spool.salvage(source.fixture.path)
        #expect(try fixture.books("carbon").ledger.expired == lost)
        #expect(try SpoolContents(fixture).points == source.points(without: [batch]))
        #expect(try SpoolContents(fixture).balance)
    }

    @Test func `points whose series is lost are counted, and the others of their batch come over`()
        async throws
    {
        let source = try await RealisticSpool(batches: 20)
        try change(source.fixture, "DELETE FROM series WHERE metric = 'cpu_reads' AND id = 1")
        let (fixture, spool) = try await target()
        let found = try await spool.salvage(source.fixture.path)
        #expect(found.missingSeries == 1)
        #expect(found.pointsWithoutSeries > 0)
        #expect(
            Int(found.batches.points + found.pointsWithoutSeries) == source.points().count)
        #expect(try SpoolContents(fixture).balance)
    }

    @Test(arguments: [
        ("DELETE FROM pending_range", true), ("DELETE FROM backend", false),
        ("DELETE FROM ledger", false),
    ])
    func `where tables are lost, everything that may be pending is`(
        sql: String, isAll: Bool
    ) async throws {
        let source = try await RealisticSpool(batches: 30)
        try change(source.fixture, "PRAGMA foreign_keys = OFF; " + sql)
        let (fixture, spool) = try await target()
        let found = try await spool.salvage(source.fixture.path)
        #expect(found.backends.contains { $0.assumesAll } == isAll)
        #expect(found.namesAreLost == sql.hasSuffix("backend"))
        let contents = try SpoolContents(fixture)
        #expect(contents.points == source.points())
        for name in ["influx", "carbon"] {
            let pending = contents.pending[name] ?? []
            #expect(pending.isSuperset(of: source.points(pendingFor: name)), "\(name)")
        }
        #expect(contents.letters.count == source.letters.count)
        #expect(contents.balance)
    }

    @Test func `readings of another boot stay behind, and so do those of counters that are known`()
        async throws
    {
        let source = try await RealisticSpool(batches: 10)
        try change(
            source.fixture,
            "UPDATE rate_state SET boot_id = 'another', value = 5 WHERE key LIKE 'cpu%'")
        let (_, spool) = try await target()
        let moment = Moment(wallNs: 1, bootNs: 1, bootID: "now")
        await spool.append(
            Run(
                check: "disk", startedNs: 0, points: [],
                rateChanges: [
                    RateChange(
                        key: "disk/3", state: RateState(value: .integer(1), moment: moment))
                ]))
        let found = try await spool.salvage(source.fixture.path)
        #expect(found.counters == 39)
        #expect(try await spool.rateStates()["disk/3"]?.value == .integer(1))
        #expect(try await spool.rateStates()["cpu/3"] == nil)
    }

    @Test func `without room it ends with what to do, and goes on later where it was`() async throws
    {
        let source = try await RealisticSpool(batches: 60)
        let fixture = try SpoolFixture { $0.minFreeBytes = 1 << 20 }
        let spool = try await fixture.open(RealisticSpool.backends)
        fixture.freeBytes.withLock { $0 = 1 << 20 }
        let error = await #expect(throws: SpoolError.self) {
            try await spool.salvage(source.fixture.path)
        }
        #expect(error?.kind == .full)
        #expect(error?.description.contains("spool_min_free_mb") == true)
        fixture.freeBytes.withLock { $0 = 1 << 30 }
        _ = try await spool.salvage(source.fixture.path)
        #expect(try SpoolContents(fixture).count == source.points().count)
    }

    @Test func `what is no spool is refused in words`() async throws {
        let (fixture, spool) = try await target()
        let folder = fixture.directory.path
        try writeBytes([], to: folder + "/empty")
        try writeBytes([UInt8](repeating: 0x20, count: 9_000), to: folder + "/text")
        let newer = try await RealisticSpool(batches: 4)
        try change(newer.fixture, "PRAGMA user_version = 99")
        let other = try Connection(path: folder + "/other", access: .write)
        try other.execute("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)")
        for (path, words) in [
            (folder, "it is a directory"), (folder + "/nowhere", "No such file"),
            (folder + "/empty", "it is empty"), (folder + "/text", "no SQLite database"),
            (folder + "/other", "nothing in it is of a spool"),
            (newer.fixture.path, "schema version is 99"),
            (fixture.path, "the current spool itself"),
        ] {
            let error = await #expect(throws: SpoolError.self) { try await spool.salvage(path) }
            #expect(
                error?.description.contains(words) == true, "\(path): \(String(describing: error))")
        }
    }

    @Test func `a file that another process writes is refused with that process`() async throws {
        let (other, holder) = try await target()
        let (_, spool) = try await target()
        let error = await #expect(throws: SpoolError.self) {
            try await spool.salvage(other.path)
        }
        #expect(error?.kind == .locked)
        #expect(error?.description.contains("process \(getpid()) ") == true)
        await holder.close()
    }

    @Test func `a spool of the first version comes over`() async throws {
        let source = try await RealisticSpool(batches: 20)
        try change(source.fixture, "DROP TABLE salvaged; PRAGMA user_version = 1")
        let (fixture, spool) = try await target()
        #expect(try await spool.salvage(source.fixture.path).isComplete)
        #expect(try SpoolContents(fixture).points == source.points())
    }
}
