import PuyPuyCore
import PuyPuySpool
import Synchronization
import TestSupport
import Testing

struct DeadLetterTests {
    private let both = [
        SpoolBackend(name: "db", type: "test"), SpoolBackend(name: "other", type: "test"),
        SpoolBackend(name: "here", type: "Local", keepsPoints: true),
    ]

    /// A spool of one batch of 30 points, of which `db` refused the first `dead`.
    private func spool(dead: Int) async throws -> (SpoolFixture, Spool) {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open(both)
        await spool.append(run(points: 30, series: 10))
        let unit = try #require(
            try fixture.reader().oldest(of: PendingSet(openFirst: 1), maxPoints: 100))
        let points = (0..<dead).map { row in
            Acknowledgement.DeadPoint(
                batch: 1, series: unit.block.seriesIDs[row],
                timestampNs: unit.block.timestampsNs[row], value: unit.block.values[row],
                reason: "no")
        }
        _ = try await spool.acknowledge(
            Acknowledgement(backend: "db", batches: 1...1, dead: points))
        return (fixture, spool)
    }

    private final class Wakeups: Sendable {
        let count = Atomic(0)
    }

    private enum Action {
        case retry
        case discard
    }

    /// Settles letters of `db`, part by part.
    private func settle(
        _ action: Action, _ spool: Spool, metric: String? = nil
    ) async throws -> Int64 {
        var letters: Int64 = 0
        var part = DeadLetterPart(backend: "db", metric: metric.map { Glob($0) })
        while true {
            let progress =
                switch action {
                case .retry: try await spool.retryDeadLetters(part)
                case .discard: try await spool.discardDeadLetters(part)
                }
            letters += progress.letters
            guard let after = progress.after else { return letters }
            part.after = after
        }
    }

    private func isBalanced(_ fixture: SpoolFixture) throws -> Bool {
        let verifier = Verifier(try fixture.reader())
        return try verifier.run().isSound
    }

    @Test func `retried letters are pending for the backend that refused them, and no other`()
        async throws
    {
        let (fixture, spool) = try await spool(dead: 12)
        let letters = try fixture.reader().deadLetters(limit: 100)
        #expect(try await settle(.retry, spool) == 12)
        #expect(
            try fixture.books().ledger == Ledger(collected: 30, delivered: 18, pending: 12))
        #expect(try fixture.books("other").ledger == Ledger(collected: 30, pending: 30))
        #expect(try fixture.books("here").ledger == Ledger(collected: 30, delivered: 30))
        #expect(try fixture.reader().deadLetters(limit: 100).isEmpty)
        #expect(try isBalanced(fixture))
        let reader = try fixture.reader()
        let unit = try #require(
            try reader.oldest(of: await spool.pendingSet(of: "db"), maxPoints: 100))
        let points = (0..<unit.block.count).map { unit.block.point($0, in: reader) }
        #expect(Set(points) == Set(letters.map(\.point)))
    }

    @Test func `what is committed after a retry is pending for every backend, also after a crash`()
        async throws
    {
        let (fixture, spool) = try await spool(dead: 5)
        #expect(try await settle(.retry, spool) == 5)
        await spool.append(run(points: 7, at: 1))
        let killed = try fixture.afterKill()
        let reopened = try await killed.open(both)
        #expect(try killed.books().ledger == Ledger(collected: 37, delivered: 25, pending: 12))
        #expect(try killed.books("other").ledger == Ledger(collected: 37, pending: 37))
        #expect(await reopened.pendingSet(of: "other").contains(2) == false)
        #expect(await reopened.pendingSet(of: "other").contains(3))
        #expect(try isBalanced(killed))
    }

    @Test func `a retry without a configuration, as a command does it, keeps the books`()
        async throws
    {
        let (fixture, spool) = try await spool(dead: 3)
        await spool.close()
        let command = try Spool(fixture.options, logger: SpoolFixture.logger)
        #expect(try await settle(.retry, command) == 3)
        await command.close()
        #expect(try fixture.books().ledger.pending == 3)
        #expect(try fixture.books("other").ledger.pending == 30)
        #expect(try isBalanced(fixture))
    }

    @Test func `only the metrics that match are meant`() async throws {
        let (fixture, spool) = try await spool(dead: 20)
        let some = DeadLetterFilter(metric: Glob("m3"))
        #expect(try fixture.reader().deadLetters(limit: 9, filter: some).count == 2)
        #expect(try await settle(.retry, spool, metric: "m3") == 2)
        #expect(try await settle(.discard, spool, metric: "m4x") == 0)
        #expect(try await settle(.discard, spool, metric: "m4") == 2)
        #expect(try fixture.reader().deadLetters(limit: 100).count == 16)
        #expect(
            try fixture.books().ledger
                == Ledger(collected: 30, delivered: 10, pending: 2, dead: 18))
        #expect(try isBalanced(fixture))
    }

    @Test func `discarded letters are gone, and stay in the books as dead`() async throws {
        let (fixture, spool) = try await spool(dead: 4)
        #expect(try await settle(.discard, spool) == 4)
        #expect(try fixture.reader().deadLetters(limit: 100).isEmpty)
        #expect(try fixture.books().ledger == Ledger(collected: 30, delivered: 26, dead: 4))
        #expect(try await settle(.retry, spool) == 0)
        #expect(try isBalanced(fixture))
    }

    @Test func `more letters than a batch holds become several batches`() async throws {
        let fixture = try SpoolFixture()
        let spool = try await fixture.open()
        await spool.append(run(points: 12_000, series: 10))
        let reader = try fixture.reader()
        let unit = try #require(
            try reader.oldest(of: PendingSet(openFirst: 1), maxPoints: 100_000))
        let points = (0..<unit.block.count).map { row in
            Acknowledgement.DeadPoint(
                batch: 1, series: unit.block.seriesIDs[row],
                timestampNs: unit.block.timestampsNs[row], value: unit.block.values[row],
                reason: "no")
        }
        _ = try await spool.acknowledge(
            Acknowledgement(backend: "db", batches: unit.batches, dead: points))
        let dead = try fixture.books().ledger.dead
        #expect(dead > 10_000)
        let before = await spool.lastBatch
        #expect(try await settle(.retry, spool) == dead)
        #expect(await spool.lastBatch == before + 2)
        #expect(try fixture.books().ledger.pending == dead)
        #expect(try isBalanced(fixture))
    }

    @Test func `a backend that is unknown, and one that gets nothing any more, are said in words`()
        async throws
    {
        let (fixture, spool) = try await spool(dead: 4)
        let unknown = await #expect(throws: SpoolError.self) {
            try await spool.retryDeadLetters(DeadLetterPart(backend: "nobody"))
        }
        #expect(unknown?.description.contains("it knows db, other, here") == true)
        try await spool.configure([SpoolBackend(name: "other", type: "test")])
        let removed = await #expect(throws: SpoolError.self) {
            try await spool.retryDeadLetters(DeadLetterPart(backend: "db"))
        }
        #expect(removed?.description.contains("configure it again") == true)
        #expect(try fixture.books().ledger.dead == 4)
    }

    @Test func `letters that are refused after a retry has begun are not retried by it`()
        async throws
    {
        let (fixture, spool) = try await spool(dead: 4)
        let newest = try fixture.reader().newestDeadLetter()
        let part = DeadLetterPart(backend: "db", last: newest - 1)
        #expect(
            try await spool.retryDeadLetters(part) == DeadLetterProgress(letters: 3, after: nil))
        #expect(try fixture.reader().deadLetters(limit: 9).count == 1)
        #expect(try fixture.reader().backendsWithDeadLetters() == ["db"])
    }

    @Test func `a retry wakes the senders`() async throws {
        let (_, spool) = try await spool(dead: 4)
        let wakeups = Wakeups()
        await spool.subscribe { wakeups.count.add(1, ordering: .relaxed) }
        #expect(try await settle(.retry, spool, metric: "m1") == 1)
        #expect(wakeups.count.load(ordering: .relaxed) == 1)
        #expect(try await settle(.discard, spool) == 3)
        #expect(wakeups.count.load(ordering: .relaxed) == 1)
    }

    @Test func `a spool without room keeps the letters, and what is pending`() async throws {
        let (fixture, spool) = try await spool(dead: 4)
        await spool.close()
        var options = fixture.options
        options.maxBytes = 1 << 10
        let full = try Spool(options, logger: SpoolFixture.logger)
        try await full.configure(both)
        await #expect(throws: SpoolError.self) {
            try await full.retryDeadLetters(DeadLetterPart(backend: "db"))
        }
        #expect(try fixture.books().ledger == Ledger(collected: 30, delivered: 26, dead: 4))
        #expect(try fixture.books("other").ledger.pending == 30)
        #expect(try fixture.reader().deadLetters(limit: 9).count == 4)
    }
}
