import Logging
import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import Synchronization
import TestSupport
import Testing

/// What a sender does while a request is on its way, and when it lets others go first.
@Suite struct LookAheadTests {
    /// What a backend was asked for, in order.
    private enum Event: Equatable {
        case prepared(first: Int64, count: Int)
        case delivered(first: Int64, count: Int, isPrepared: Bool)
    }

    /// Takes requests as `answer` says.
    private final class Recorder: Sendable {
        let events = Mutex<[Event]>([])
        let answer: @Sendable (PointBlock) -> Outcome

        init(_ answer: @escaping @Sendable (PointBlock) -> Outcome = { _ in .accepted }) {
            self.answer = answer
        }

        var all: [Event] { events.withLock { $0 } }
    }

    private final class RecordingBackend: Backend {
        let recorder: Recorder

        init(_ recorder: Recorder) { self.recorder = recorder }

        func prepare(_ points: PointBlock, catalog: any SeriesCatalog) {
            recorder.events.withLock {
                $0.append(.prepared(first: points.timestampsNs[0], count: points.count))
            }
        }

        func deliver(
            _ points: PointBlock, catalog: any SeriesCatalog, isPrepared: Bool,
            meanwhile: () -> Void
        ) -> Attempt {
            recorder.events.withLock {
                $0.append(
                    .delivered(
                        first: points.timestampsNs[0], count: points.count, isPrepared: isPrepared))
            }
            meanwhile()
            return Attempt(recorder.answer(points))
        }

        func disconnect() {}
    }

    private func sender(
        _ fixture: SenderFixture, _ recorder: Recorder, _ policy: Delivery.Policy,
        othersAreFirst: @escaping @Sendable () -> Bool = { false }
    ) -> Sender {
        Sender(
            name: "db", policy: policy, logger: SenderFixture.logger,
            othersAreFirst: othersAreFirst,
            source: { [spool = fixture.spool, path = fixture.path] in
                try PendingSource(backend: "db", spool: spool, path: path)
            },
            backend: { RecordingBackend(recorder) })
    }

    /// Points of one series at 1 ns, 2 ns, …
    private func points(_ count: Int) -> [Point] {
        (1...count).map {
            Point(series: Series(metric: "m"), timestampNs: Int64($0), value: .integer(1))
        }
    }

    private func backlog(_ fixture: SenderFixture) async {
        await fixture.append(points(40), batchesOf: 10)
    }

    private static let oldestFirst = Delivery.Policy(maxBatchPoints: 10, oldestFirst: true)

    @Test func `the next request is made while one is on its way`() async throws {
        let fixture = try await SenderFixture()
        await backlog(fixture)
        let recorder = Recorder()
        try await sender(fixture, recorder, Self.oldestFirst).run(untilIdle: true)
        #expect(
            recorder.all == [
                .delivered(first: 1, count: 10, isPrepared: false),
                .prepared(first: 11, count: 10),
                .delivered(first: 11, count: 10, isPrepared: true),
                .prepared(first: 21, count: 10),
                .delivered(first: 21, count: 10, isPrepared: true),
                .prepared(first: 31, count: 10),
                .delivered(first: 31, count: 10, isPrepared: true),
            ])
        #expect(try fixture.books() == Ledger(collected: 40, delivered: 40))
    }

    @Test func `a prepared request waits for the end of a search, and is sent as it was made`()
        async throws
    {
        let fixture = try await SenderFixture()
        await fixture.append(points(8), batchesOf: 4)
        let recorder = Recorder { block in
            block.timestampsNs.contains(2)
                ? .refused(reason: "no", suspects: []) : .accepted
        }
        let policy = Delivery.Policy(maxBatchPoints: 4, oldestFirst: true)
        try await sender(fixture, recorder, policy).run(untilIdle: true)
        let events = recorder.all
        #expect(events.count { if case .prepared = $0 { true } else { false } } == 1)
        #expect(events.last == .delivered(first: 5, count: 4, isPrepared: true))
        #expect(try fixture.books() == Ledger(collected: 8, delivered: 7, dead: 1))
        #expect(try fixture.deadLetters().map(\.point.timestampNs) == [2])
    }

    @Test func `after a failure nothing that was prepared is kept`() async throws {
        let fixture = try await SenderFixture()
        await backlog(fixture)
        let failures = Atomic(0)
        let recorder = Recorder { _ in
            failures.add(1, ordering: .relaxed).newValue == 1
                ? .unreachable(reason: "down") : .accepted
        }
        var policy = Self.oldestFirst
        policy.reconnectMax = .milliseconds(1)
        try await sender(fixture, recorder, policy).run(untilIdle: true)
        #expect(recorder.all[1] == .prepared(first: 11, count: 10))
        #expect(recorder.all[2] == .delivered(first: 1, count: 10, isPrepared: false))
        #expect(try fixture.books() == Ledger(collected: 40, delivered: 40))
    }

    @Test func `large requests let others go first, small ones do not, and the drain goes on`()
        async throws
    {
        let fixture = try await SenderFixture()
        await fixture.append(points(999))
        let asked = Atomic(0)
        let recorder = Recorder()
        let small = sender(fixture, recorder, .init()) {
            asked.add(1, ordering: .relaxed)
            return true
        }
        try await small.run(untilIdle: true)
        #expect(asked.load(ordering: .relaxed) == 0)
        await fixture.append(points(1_000))
        let large = sender(fixture, recorder, .init()) {
            asked.add(1, ordering: .relaxed)
            return true
        }
        try await large.run(untilIdle: true)
        #expect(asked.load(ordering: .relaxed) > 1)
        #expect(try fixture.books() == Ledger(collected: 1_999, delivered: 1_999))
    }
}
