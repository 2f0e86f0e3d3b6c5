import PuyPuyCore
import PuyPuySpool
import Synchronization
import TestSupport
import Testing

@testable import PuyPuySpool

struct RetentionTests {
    /// Points whose values use all of their bits: some seven bytes each.
    private func noisyRun(points: Int, at second: Int) -> Run {
        var random = SeededGenerator(seed: UInt64(second))
        var noisy = run(points: points, at: Int64(second))
        noisy.points = noisy.points.map {
            Point(
                series: $0.series, timestampNs: $0.timestampNs,
                value: .double(Double.random(in: 0...1, using: &random)))
        }
        return noisy
    }

    private func housekeep(_ spool: Spool) async {
        while await spool.maintain() {}
    }

    @Test func `confirmed batches go after their retention, pending ones stay`() async throws {
        let fixture = try SpoolFixture { $0.retain = .seconds(3600) }
        let spool = try await fixture.open()
        await spool.append(run(points: 10))
        _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...1))
        await spool.append(run(points: 5))
        fixture.clock.advance(.seconds(1800))
        await housekeep(spool)
        #expect(try fixture.reader().summary().points == 15)
        fixture.clock.advance(.seconds(1801))
        await housekeep(spool)
        let summary = try fixture.reader().summary()
        #expect(summary.points == 5)
        #expect(summary.backends[0].ledger == Ledger(collected: 15, delivered: 10, pending: 5))
        #expect(summary.backends[0].balances)
    }

    @Test func `batches of a time when the clock was years ahead do not stop the retention`()
        async throws
    {
        let fixture = try SpoolFixture { $0.retain = .seconds(3600) }
        let spool = try await fixture.open()
        let now = fixture.clock.nowNs
        fixture.clock.advance(.seconds(10 * 365 * 86_400))
        for _ in 0..<100 { await spool.append(run(points: 1)) }
        fixture.clock.set(now)
        for _ in 0..<10 { await spool.append(run(points: 1)) }
        _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...110))
        fixture.clock.advance(.seconds(3601))
        await housekeep(spool)
        #expect(try fixture.reader().summary().batches == 0)
    }

    @Test func `pending points past the greatest age expire and are counted`() async throws {
        let fixture = try SpoolFixture { $0.maxAge = .seconds(7200) }
        let spool = try await fixture.open()
        await spool.append(run(points: 10))
        fixture.clock.advance(.seconds(7000))
        await spool.append(run(points: 4))
        fixture.clock.advance(.seconds(300))
        await housekeep(spool)
        let books = try fixture.books()
        #expect(books.ledger == Ledger(collected: 14, pending: 4, expired: 10))
        #expect(books.balances)
    }

    @Test func `confirmed batches past the greatest age stay for their retention`() async throws {
        let fixture = try SpoolFixture {
            $0.retain = .seconds(86_400)
            $0.maxAge = .seconds(7200)
        }
        let spool = try await fixture.open()
        for second in 0..<3 { await spool.append(run(points: 10, at: Int64(second))) }
        _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...1))
        _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 3...3))
        fixture.clock.advance(.seconds(7300))
        await housekeep(spool)
        let books = try fixture.books()
        #expect(books.ledger == Ledger(collected: 30, delivered: 20, expired: 10))
        #expect(books.balances)
        #expect(try fixture.reader().summary().points >= 20)
    }

    @Test(arguments: [Overflow.dropOldest, .dropNewest])
    func `at the cap the policy decides, and every dropped point is counted`(policy: Overflow)
        async throws
    {
        let fixture = try SpoolFixture {
            $0.maxBytes = 2 << 20
            $0.overflow = policy
        }
        let spool = try await fixture.open()
        for second in 0..<60 {
            #expect(await spool.append(noisyRun(points: 5_000, at: second)) == .durable)
        }
        let summary = try fixture.reader().summary()
        let books = summary.backends[0]
        #expect(books.ledger.collected == 300_000)
        #expect(books.ledger.expired > 0)
        #expect(books.balances)
        #expect(summary.fileBytes <= 2 << 20)
        let times = try #require(summary.timesNs)
        switch policy {
        case .dropOldest: #expect(times.upperBound >= 59_000_000_000)
        case .dropNewest: #expect(times.lowerBound == 0)
        }
    }

    @Test func `when others fill the disk points wait in memory, and nothing pending goes`()
        async throws
    {
        let fixture = try SpoolFixture {
            $0.minFreeBytes = 10 << 20
            $0.memoryBufferPoints = 1_000
        }
        let spool = try await fixture.open()
        fixture.freeBytes.withLock { $0 = 1 << 30 }
        #expect(await spool.append(run(points: 5_000)) == .durable)
        fixture.freeBytes.withLock { $0 = 1 << 20 }
        for second in 1...9 {
            #expect(await spool.append(run(points: 100, at: Int64(second))) == .buffered)
        }
        #expect(await spool.trouble?.description.contains("spool_min_free_mb") == true)
        #expect(try fixture.books().ledger == Ledger(collected: 5_000, pending: 5_000))
        fixture.freeBytes.withLock { $0 = 1 << 30 }
        #expect(await spool.append(run(points: 100, at: 10)) == .durable)
        #expect(await spool.trouble == nil)
        #expect(try fixture.books().ledger == Ledger(collected: 6_000, pending: 6_000))
        #expect(try fixture.books().balances)
    }

    @Test(arguments: [Overflow.dropOldest, .dropNewest])
    func `when memory is full as well, the policy decides and every point is counted`(
        policy: Overflow
    ) async throws {
        let fixture = try SpoolFixture {
            $0.minFreeBytes = 10 << 20
            $0.memoryBufferPoints = 1_000
            $0.overflow = policy
        }
        let spool = try await fixture.open()
        for second in 0..<100 {
            await spool.append(noisyRun(points: 5_000, at: second))
        }
        fixture.freeBytes.withLock { $0 = 1 << 20 }
        for second in 100..<130 { await spool.append(run(points: 100, at: Int64(second))) }
        fixture.freeBytes.withLock { $0 = 1 << 30 }
        await spool.append(run(points: 100, at: 131))
        let books = try fixture.books()
        #expect(books.balances)
        #expect(books.ledger.collected == 503_100)
        switch policy {
        case .dropOldest: #expect(books.ledger.expired % 5_000 == 0 && books.ledger.expired > 0)
        case .dropNewest: #expect((1_000...3_000).contains(books.ledger.expired))
        }
    }

    @Test func `at the cap confirmed history goes before anything pending`() async throws {
        let fixture = try SpoolFixture { $0.maxBytes = 2 << 20 }
        let spool = try await fixture.open()
        for second in 0..<200 {
            await spool.append(noisyRun(points: 3_000, at: second))
            let batch = await spool.lastBatch
            _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: batch...batch))
        }
        let books = try fixture.books()
        #expect(books.ledger == Ledger(collected: 600_000, delivered: 600_000))
        #expect(try fixture.reader().summary().points < 600_000)
    }

    @Test func `space goes back to the file system`() async throws {
        let fixture = try SpoolFixture { $0.retain = .seconds(60) }
        let spool = try await fixture.open()
        for second in 0..<60 { await spool.append(noisyRun(points: 10_000, at: second)) }
        let full = try fixture.reader().summary().payloadBytes
        _ = try await spool.acknowledge(Acknowledgement(backend: "db", batches: 1...60))
        fixture.clock.advance(.seconds(61))
        await housekeep(spool)
        await spool.close()
        let after = try fixture.reader().summary()
        #expect(after.points == 0)
        #expect(after.fileBytes * 2 < full, "\(after.fileBytes) of \(full) bytes left")
    }

    @Test func `the write-ahead log stays small while a backlog drains`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        var largest: Int64 = 0
        for second in 0..<150 {
            await spool.append(noisyRun(points: 10_000, at: second))
            largest = max(largest, fileSizeBytes(fixture.path + "-wal"))
        }
        let reader = try fixture.reader()
        while let unit = try reader.oldest(
            of: await spool.pendingSet(of: "db"), maxPoints: 10_000)
        {
            if unit.batches.upperBound > 150 { break }
            _ = try await spool.acknowledge(
                Acknowledgement(backend: "db", batches: unit.batches))
            await spool.append(noisyRun(points: 1_000, at: 200))
            largest = max(largest, fileSizeBytes(fixture.path + "-wal"))
        }
        #expect(try fixture.reader().summary().payloadBytes > 9 << 20)
        #expect(largest < 6 << 20, "the log grew to \(largest) bytes")
    }

    @Test func `a reader that holds an old snapshot makes no commit wait twice`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 1))
        let foreign = try Connection(path: fixture.path, access: .read)
        try foreign.execute("BEGIN")
        _ = try foreign.integer("SELECT count(*) FROM batch")
        // Series with long tags fill the log fastest.
        for number in 0..<40 {
            let tag = String(repeating: "\(number)", count: 500_000)
            await spool.append(
                Run(
                    check: "wide", startedNs: 0,
                    points: [
                        Point(
                            series: Series(metric: "wide", tags: ["tag": tag]), timestampNs: 1,
                            value: .integer(1))
                    ]))
        }
        #expect(fileSizeBytes(fixture.path + "-wal") > 32 << 20)
        let delayed = await spool.checkpointDelayedNs
        #expect(delayed == fixture.clock.nowNs)
        for second in 0..<20 {
            fixture.clock.advance(.seconds(1))
            await spool.append(run(points: 10, at: Int64(second)))
        }
        #expect(await spool.checkpointDelayedNs == delayed, "a commit waited for the reader again")
        try foreign.execute("COMMIT")
        fixture.clock.advance(.seconds(61))
        await spool.append(run(points: 10))
        await spool.append(run(points: 10))
        #expect(fileSizeBytes(fixture.path + "-wal") <= 8 << 20)
        #expect(try fixture.books().balances)
    }

    @Test func `a cap that was lowered by much is reached while appends go on`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        for second in 0..<60 { await spool.append(noisyRun(points: 10_000, at: second % 5)) }
        await spool.close()
        let lowered = try fixture.afterKill { $0.maxBytes = 2 << 20 }
        let reopened = try await lowered.open()
        for second in 0..<10 {
            #expect(await reopened.append(run(points: 100, at: Int64(second))) == .durable)
        }
        let books = try lowered.books()
        #expect(books.balances)
        #expect(books.ledger.collected == 601_000)
        #expect(try lowered.reader().summary().payloadBytes < 2 << 20)
    }

    @Test func `series that nothing uses any more are collected, others never`() async throws {
        let fixture = try SpoolFixture { $0.retain = .seconds(60) }
        let spool = try await fixture.open()
        await spool.append(run("gone", points: 10))
        await spool.append(run("dead", points: 1))
        let unit = try #require(
            try fixture.reader().oldest(of: await spool.pendingSet(of: "db"), maxPoints: 100))
        let row = unit.block.count - 1
        _ = try await spool.acknowledge(
            Acknowledgement(
                backend: "db", batches: unit.batches,
                dead: [
                    .init(
                        batch: unit.batch(ofRow: row), series: unit.block.seriesIDs[row],
                        timestampNs: 0, value: .integer(1), reason: "refused")
                ]))
        for _ in 0..<(SeriesTable.lag + 100) {
            await spool.append(run("stays", points: 1))
        }
        _ = try await spool.acknowledge(
            Acknowledgement(backend: "db", batches: 1...(SeriesTable.lag + 90)))
        fixture.clock.advance(.seconds(61))
        await housekeep(spool)
        fixture.clock.advance(.seconds(700))
        await housekeep(spool)
        let reader = try fixture.reader()
        #expect(try reader.summary().series == 2)
        #expect(try reader.deadLetters(limit: 1).first?.point.series.tags["check"] == "dead")
        let left = try #require(
            try reader.oldest(of: await spool.pendingSet(of: "db"), maxPoints: 1000))
        for id in left.block.seriesIDs { #expect(reader.series(id).tags["check"] == "stays") }
    }
}
