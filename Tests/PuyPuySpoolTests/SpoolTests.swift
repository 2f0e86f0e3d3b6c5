import Glibc
import PuyPuyCore
import Synchronization
import TestSupport
import Testing

@testable import PuyPuySpool

struct SpoolTests {
    @Test func `what append acknowledged is there after a kill`() async throws {
        let fixture = try SpoolFixture { $0.durability = .full }
        let spool = try await fixture.open()
        #expect(await spool.append(run(points: 120)) == .durable)
        let killed = try fixture.afterKill()
        let reopened = try await killed.open()
        let unit = try #require(
            try killed.reader().newest(
                of: await reopened.pendingSet(of: "db"), maxPoints: 10_000))
        #expect(unit.block.count == 120)
        #expect(try killed.books().balances)
    }

    @Test func `points come back as they went in`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        let sent = run(points: 300, at: 77)
        await spool.append(sent)
        let reader = try fixture.reader()
        let unit = try #require(
            try reader.oldest(of: await spool.pendingSet(of: "db"), maxPoints: 10_000))
        let back = (0..<unit.block.count).map { unit.block.point($0, in: reader) }
        #expect(back == sent.points)
    }

    @Test func `appends that arrive together share a commit`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<500 {
                group.addTask { await spool.append(run("c\(index)", points: 3)) }
            }
        }
        let summary = try fixture.reader().summary()
        #expect(summary.points == 1_500)
        #expect(summary.batches < 400, "\(summary.batches) commits for 500 appends")
        #expect(summary.checks.count == 500)
    }

    @Test func `a value that is not finite is refused and counted by metric`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        var bad = run(points: 2)
        bad.points.append(
            Point(series: Series(metric: "broken"), timestampNs: 1, value: .double(.nan)))
        await spool.append(bad)
        let summary = try fixture.reader().summary()
        #expect(summary.points == 2)
        #expect(summary.refusals.map(\.metric) == ["broken"])
        #expect(summary.refusals.map(\.reason) == ["not-finite"])
    }

    @Test func `rate state commits with the points computed from it`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        var counted = run(points: 1)
        let state = RateState(
            value: .integer(1 << 60), moment: Moment(wallNs: 5, bootNs: 6, bootID: "boot"))
        counted.rateChanges = [RateChange(key: "net/rx", state: state)]
        await spool.append(counted)
        let killed = try fixture.afterKill()
        #expect(try await killed.open().rateStates() == ["net/rx": state])
    }

    @Test func `an acknowledged unit leaves the pending set and the books say so`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 10))
        let unit = try #require(
            try fixture.reader().oldest(of: await spool.pendingSet(of: "db"), maxPoints: 100))
        let dead = Acknowledgement.DeadPoint(
            batch: unit.batches.lowerBound, series: unit.block.seriesIDs[4],
            timestampNs: unit.block.timestampsNs[4], value: unit.block.values[4],
            reason: "type conflict")
        let after = try await spool.acknowledge(
            Acknowledgement(backend: "db", batches: unit.batches, dead: [dead]))
        #expect(after == PendingSet(openFirst: 2))
        let books = try fixture.books()
        #expect(books.ledger == Ledger(collected: 10, delivered: 9, dead: 1))
        #expect(books.balances)
        let letters = try fixture.reader().deadLetters(limit: 10)
        #expect(letters.map(\.reason) == ["type conflict"])
        #expect(letters.map(\.point.series.metric) == ["m4"])
        #expect(letters.map(\.point.value) == [.double(1)])
    }

    @Test func `an acknowledgement that comes twice counts once`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 10))
        for _ in 0..<2 {
            _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...1))
        }
        #expect(try fixture.books().ledger == Ledger(collected: 10, delivered: 10))
    }

    @Test func `a backend that keeps its points has them delivered by the commit`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open([
            SpoolBackend(name: "default", type: "Local", keepsPoints: true)
        ])
        await spool.append(run(points: 7))
        let books = try fixture.books("default")
        #expect(books.ledger == Ledger(collected: 7, delivered: 7))
        #expect(books.pendingBatches == 0)
    }

    @Test func `a local backend that becomes a database starts with the next batch`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open([
            SpoolBackend(name: "default", type: "Local", keepsPoints: true)
        ])
        await spool.append(run(points: 7))
        try await spool.configure([SpoolBackend(name: "default", type: "InfluxDB")])
        await spool.append(run(points: 5))
        #expect(
            try fixture.books("default").ledger == Ledger(collected: 12, delivered: 7, pending: 5))
        try await spool.configure([
            SpoolBackend(name: "default", type: "Local", keepsPoints: true)
        ])
        let books = try fixture.books("default")
        #expect(books.ledger == Ledger(collected: 12, delivered: 12))
        #expect(books.balances)
    }

    @Test func `a new backend gets its backfill, and no more`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        let now = fixture.clock.nowNs / 1_000_000_000
        await spool.append(run(points: 3, at: now - 7200))
        await spool.append(run(points: 4, at: now - 60))
        try await spool.configure([
            SpoolBackend(name: "db", type: "test"),
            SpoolBackend(name: "late", type: "test", backfill: .seconds(3600)),
            SpoolBackend(name: "later", type: "test"),
        ])
        #expect(try fixture.books("late").ledger == Ledger(collected: 4, pending: 4))
        #expect(try fixture.books("later").ledger == Ledger())
        #expect(try fixture.books("late").balances)
    }

    @Test func `a backend that is configured no more keeps what is pending and gets no more`()
        async throws
    {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 3))
        try await spool.configure([])
        await spool.append(run(points: 4))
        #expect(try fixture.books().ledger == Ledger(collected: 3, pending: 3))
        #expect(try fixture.books().balances)
        try await spool.configure([SpoolBackend(name: "db", type: "test")])
        await spool.append(run(points: 5))
        #expect(try fixture.books().ledger == Ledger(collected: 8, pending: 8))
        #expect(try fixture.books().balances)
    }

    @Test func `a backend that is configured no more can be forgotten, and then holds nothing`()
        async throws
    {
        let fixture = try SpoolFixture { $0.retain = .seconds(60) }
        let spool = try await fixture.open([
            SpoolBackend(name: "db", type: "test"), SpoolBackend(name: "old", type: "test"),
        ])
        await spool.append(run(points: 3))
        let dead = Acknowledgement.DeadPoint(
            batch: 1, series: 1, timestampNs: 0, value: .integer(1), reason: "no")
        await spool.append(run(points: 2))
        _ = try await spool.acknowledge(
            Acknowledgement(backend: "old", batches: 1...1, dead: [dead]))
        _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...2))
        try await spool.configure([SpoolBackend(name: "db", type: "test")])
        fixture.clock.advance(.seconds(600))
        _ = await spool.maintain()
        #expect(try fixture.reader().summary().batches == 1)

        let books = try await spool.forget("old")
        #expect(books == Ledger(collected: 5, delivered: 2, pending: 2, dead: 1))
        while await spool.maintain() {}
        let summary = try fixture.reader().summary()
        #expect(summary.batches == 0)
        #expect(summary.backends.map(\.name) == ["db"])
        #expect(try fixture.reader().deadLetters(limit: 10).isEmpty)
        await spool.append(run(points: 4, at: 10))
        #expect(try fixture.books().ledger == Ledger(collected: 9, delivered: 5, pending: 4))

        // A backend of this name that comes back begins anew.
        try await spool.configure([
            SpoolBackend(name: "db", type: "test"), SpoolBackend(name: "old", type: "test"),
        ])
        #expect(try fixture.books("old").ledger == Ledger())
    }

    @Test func `a backend that is configured, or unknown, cannot be forgotten`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 3))
        let configured = await #expect(throws: SpoolError.self) { try await spool.forget("db") }
        #expect(configured?.description.contains("remove its section") == true)
        let unknown = await #expect(throws: SpoolError.self) { try await spool.forget("dv") }
        #expect(unknown?.description.contains("it knows db") == true)
        #expect(try fixture.books().ledger == Ledger(collected: 3, pending: 3))
    }

    @Test func `a second writer is refused and told who has the spool`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        let error = try #require(throws: SpoolError.self) {
            try Spool(fixture.options, logger: SpoolFixture.logger)
        }
        #expect(error.kind == .locked)
        #expect(error.description.contains("process \(getpid())"))
        await spool.close()
    }

    @Test func `a closed spool says so and leaves no log behind`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 3))
        #expect(await spool.close() == 0)
        #expect(await spool.append(run(points: 1)) == .dropped)
        await #expect(throws: SpoolError.self) {
            try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...1))
        }
        #expect(try fixture.reader().summary().logBytes == 0)
    }

    @Test func `the spool's files are not for others`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 3))
        for suffix in [".db", ".db-wal", ".lock"] {
            var status = stat()
            #expect(stat(fixture.directory.path + "/spool" + suffix, &status) == 0)
            #expect(status.st_mode & 0o007 == 0, "spool\(suffix) is open to others")
        }
    }

    @Test func `a reading that is not finite costs no commit`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        var bad = run(points: 2)
        let moment = Moment(wallNs: 5, bootNs: 6, bootID: "boot")
        bad.rateChanges = [
            RateChange(key: "bad", state: RateState(value: .double(.nan), moment: moment)),
            RateChange(key: "good", state: RateState(value: .double(1), moment: moment)),
        ]
        #expect(await spool.append(bad) == .durable)
        #expect(try await spool.rateStates().keys.sorted() == ["good"])
    }

    @Test func `closing commits what waits in memory when there is room again`() async throws {
        let fixture = try SpoolFixture { $0.minFreeBytes = 10 << 20 }
        let spool = try await fixture.open()
        fixture.freeBytes.withLock { $0 = 1 << 20 }
        #expect(await spool.append(run(points: 100)) == .buffered)
        fixture.freeBytes.withLock { $0 = 1 << 30 }
        #expect(await spool.close() == 0)
        #expect(try fixture.books().ledger == Ledger(collected: 100, pending: 100))
    }

    @Test func `runs that are about to end share a commit, and nothing waits for ever`()
        async throws
    {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        let follow = Mutex(true)
        await spool.waitForRuns(atMost: .seconds(3_600)) {
            follow.withLock(\.self) ? .milliseconds(1) : nil
        }
        // The first one waits for nobody.
        #expect(await spool.append(run("a", points: 1)) == .durable)
        let runs = ["a", "b", "c"].map { name in
            Task { await spool.append(run(name, points: 1)) }
        }
        while await spool.waitingRuns.count < runs.count { await Task.yield() }
        #expect(await spool.lastBatch == 1)
        follow.withLock { $0 = false }
        for run in runs { #expect(await run.value == .durable) }
        #expect(await spool.lastBatch == 2)

        follow.withLock { $0 = true }
        await spool.waitForRuns(atMost: .milliseconds(20)) { .milliseconds(1) }
        #expect(await spool.append(run("a", points: 1)) == .durable)
        // Who acknowledges does not wait, and takes along what does.
        await spool.waitForRuns(atMost: .seconds(3_600)) { .seconds(1) }
        let waiting = Task { await spool.append(run("b", points: 1)) }
        while await spool.waitingRuns.isEmpty { await Task.yield() }
        _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...1))
        #expect(await waiting.value == .durable)
    }
}
