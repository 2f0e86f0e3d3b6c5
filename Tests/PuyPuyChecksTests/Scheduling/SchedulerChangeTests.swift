import Logging
import PuyPuyCore
import Testing

@testable import PuyPuyChecks

/// Checks that come and go, and checks that stand in line.
@Suite(.timeLimit(.minutes(10)))
struct SchedulerChangeTests {
    private let clock = TestClock()
    private let store = RunList()

    private func scheduler(_ checks: [ScheduledCheck]) -> Scheduler {
        Scheduler(
            checks: checks, baseTags: [:], store: store, clock: clock,
            logger: Logger(label: "test"))
    }

    private func check(
        _ name: String, value: Int64 = 0, turns: RunTurns? = nil, timeout: Duration? = nil,
        _ body: @escaping @Sendable () -> Void = {}
    ) -> ScheduledCheck {
        let check = ClosureCheck { sample in
            sample.gauge("m", .integer(value))
            body()
        }
        return ScheduledCheck(
            name: name, check: check, interval: .seconds(10), timeout: timeout, turns: turns)
    }

    private func during(_ scheduler: Scheduler, _ body: () async throws -> Void) async rethrows {
        let running = Task { await scheduler.run() }
        try await body()
        await scheduler.stop(within: .seconds(10))
        await running.value
    }

    private func values(of name: String) -> [Value?] {
        store.runs.filter { $0.check == name }.map { $0.points.value("m") }
    }

    @Test func `a check that is added runs at once, one that is removed no more`() async {
        let scheduler = scheduler([check("a")])
        await during(scheduler) {
            await store.stored(1)
            await scheduler.change(removing: ["a"], adding: [check("b")])
            await store.stored(2)
            clock.advance(by: .seconds(10))
            await store.stored(3)
        }
        #expect(store.runs.map(\.check) == ["a", "b", "b"])
    }

    @Test func `one of the same name starts when the removed one has ended`() async {
        let gate = Gate()
        let overlap = Counter()
        let begun = FirstEvent<Void>()
        let body: @Sendable () -> Void = {
            begun.happen(())
            overlap.add()
            gate.wait()
            overlap.add(-1)
        }
        let scheduler = scheduler([check("a", value: 1, timeout: .seconds(60), body)])
        await during(scheduler) {
            await begun.value()
            await scheduler.change(removing: ["a"], adding: [check("a", value: 2, body)])
            gate.open()
            await store.stored(2)
        }
        #expect(values(of: "a") == [.integer(1), .integer(2)])
        #expect(overlap.peak == 1)
    }

    @Test func `one that goes and comes back while its run has not ended does not overlap itself`()
        async
    {
        let gate = Gate()
        let overlap = Counter()
        let begun = FirstEvent<Void>()
        let body: @Sendable () -> Void = {
            begun.happen(())
            overlap.add()
            gate.wait()
            overlap.add(-1)
        }
        let scheduler = scheduler([check("a", value: 1, timeout: .seconds(60), body)])
        await during(scheduler) {
            await begun.value()
            // Two changes: between them nothing of this name is there.
            await scheduler.change(removing: ["a"], adding: [])
            await scheduler.change(removing: [], adding: [check("a", value: 2, body)])
            await scheduler.change(removing: ["a"], adding: [check("a", value: 3, body)])
            gate.open()
            await store.stored(2)
        }
        #expect(values(of: "a") == [.integer(1), .integer(3)])
        #expect(overlap.peak == 1)
    }

    @Test func `other base tags are those of the runs that begin from then on`() async {
        let scheduler = scheduler([check("a")])
        await during(scheduler) {
            await store.stored(1)
            await scheduler.change(removing: [], adding: [], baseTags: ["host": "other"])
            clock.advance(by: .seconds(10))
            await store.stored(2)
        }
        #expect(store.runs.map { $0.points.first?.series.tags["host"] } == [nil, "other"])
    }

    @Test func `a name that is there already is not added twice`() async {
        let scheduler = scheduler([check("a", value: 1)])
        await during(scheduler) {
            await store.stored(1)
            await scheduler.change(removing: [], adding: [check("a", value: 2)])
            clock.advance(by: .seconds(10))
            await store.stored(2)
        }
        #expect(values(of: "a") == [.integer(1), .integer(1)])
    }

    @Test func `checks in one line run one at a time, and the others meanwhile`() async {
        let turns = RunTurns()
        let together = Counter()
        let gate = Gate()
        let body: @Sendable () -> Void = {
            together.add()
            gate.wait()
            together.add(-1)
        }
        let inLine = (0..<20).map { check("line\($0)", turns: turns, timeout: .seconds(60), body) }
        await during(scheduler(inLine + [check("free")])) {
            // All slots would be taken if those in line had one.
            await store.stored(1)
            gate.open()
            await store.stored(21)
        }
        #expect(store.runs[0].check == "free")
        #expect(together.peak == 1)
        #expect(store.runs.allSatisfy { $0.end == .succeeded })
    }

    @Test func `after a hang a check that keeps others waiting pauses, ever longer`() async {
        let check = ScheduledCheck(
            name: "a", check: ClosureCheck { _ in try await Task.sleep(for: .seconds(3600)) },
            interval: .seconds(10), timeout: .seconds(1), turns: RunTurns())
        let begun = clock.now().bootNs
        await during(scheduler([check])) {
            for count in 1...4 {
                // In steps of a second, which is what a hang takes here.
                while store.runs.count < count {
                    await clock.sleepers(1)
                    clock.advance(by: .seconds(1))
                }
            }
        }
        let starts = store.runs.map { ($0.startedNs - store.runs[0].startedNs) / 1_000_000_000 }
        // Ticks of ten seconds; pauses of 10, 20 and 40 seconds after the end of each run.
        let gaps = zip(starts.dropFirst(), starts).map { $0 - $1 }
        #expect(gaps[0] >= 10 && gaps[0] <= 21)
        #expect(gaps[1] >= 20 && gaps[1] <= 31)
        #expect(gaps[2] >= 40 && gaps[2] <= 51)
        #expect(clock.now().bootNs - begun < 200_000_000_000)
    }
}
