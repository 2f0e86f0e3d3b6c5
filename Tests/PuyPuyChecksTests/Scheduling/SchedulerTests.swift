import Logging
import PuyPuyCore
import Testing

@testable import PuyPuyChecks

@Suite(.timeLimit(.minutes(10)))
struct SchedulerTests {
    private let clock = TestClock()
    private let store = RunList()

    private let log = LogLines()

    private func scheduler(
        _ checks: [ScheduledCheck], states: [String: RateState] = [:], concurrency: Int = 8
    ) -> Scheduler {
        Scheduler(
            checks: checks, baseTags: ["host": "h"], store: store, rateStates: states,
            clock: clock, maxConcurrency: concurrency, logger: log.logger)
    }

    private func every10s(
        _ name: String, timeout: Duration? = nil,
        _ body: @escaping @Sendable (inout Sample) async throws -> Void
    ) -> ScheduledCheck {
        ScheduledCheck(
            name: name, check: ClosureCheck(body), interval: .seconds(10), timeout: timeout,
            tags: ["extra": "e"])
    }

    /// Runs `scheduler` while `body` lasts, and stops it.
    private func during(_ scheduler: Scheduler, _ body: () async throws -> Void) async rethrows {
        let running = Task { await scheduler.run() }
        try await body()
        await scheduler.stop(within: .seconds(10))
        await running.value
    }

    /// Moves the clock on by whole intervals, each time until as many runs more are stored.
    private func tick(_ times: Int, runs: Int) async {
        for _ in 0..<times {
            let target = store.runs.count + runs
            clock.advance(by: .seconds(10))
            await store.stored(target)
        }
    }

    @Test func `runs begin at once, with their own time, and then are stamped with their tick`()
        async
    {
        let check = every10s("a") { $0.gauge("m", .integer(1), type: "t") }
        await during(scheduler([check])) {
            await store.stored(1)
            await tick(3, runs: 1)
        }
        let first: Int64 = 1_700_000_000
        #expect(store.ticks(of: "a") == [first + 3, first + 10, first + 20, first + 30])
        let point = store.runs[0].points[0]
        let tags: Tags = ["host": "h", "extra": "e", "type": "t"]
        #expect(point.series == Series(metric: "m", tags: tags))
        #expect(point.timestampNs == (first + 3) * 1_000_000_000)
        #expect(store.runs[0].startedNs == 1_700_000_003_000_000_000)
    }

    @Test func `the run that started latest says by how much`() async {
        let starts = RunStarts()
        let scheduler = Scheduler(
            checks: [every10s("a") { _ in }], baseTags: ["host": "h"], store: store, clock: clock,
            starts: starts, logger: Logger(label: "test"))
        await during(scheduler) {
            await store.stored(1)
            #expect(starts.takeLargest() == .zero)
            // The tick is 7 s after the first run, its start at most half a second later.
            clock.advance(by: .seconds(9))
            await store.stored(2)
            let late = starts.takeLargest()
            #expect(late >= .milliseconds(1_500) && late <= .seconds(2))
            #expect(starts.takeLargest() == .zero)
            #expect(starts.late == 1)
        }
    }

    @Test func `every run says how long it took and how it ended`() async throws {
        let check = every10s("a@x") { [clock] sample in
            clock.advance(by: .milliseconds(250))
            sample.gauge("m", .integer(1))
            throw Broken()
        }
        await during(scheduler([check])) { await store.stored(1) }
        let run = try #require(store.runs.first)
        #expect(run.end == .failed("the sensor is broken"))
        #expect(run.duration == .milliseconds(250))
        #expect(run.points.value("m") == .integer(1))
        #expect(run.points.value("puypuy_check_duration_seconds") == .double(0.25))
        #expect(run.points.value("puypuy_check_success") == .integer(0))
        let tags: Tags = ["host": "h", "extra": "e", "check": "a@x", "type": "puypuy"]
        #expect(run.points.last?.series.tags == tags)
    }

    @Test func `a check that throws runs again`() async {
        await during(scheduler([every10s("a") { _ in throw Broken() }])) {
            await store.stored(1)
            await tick(2, runs: 1)
        }
        #expect(store.runs.count == 3)
    }

    @Test func `rates continue from the spool's readings of that check`() async throws {
        let before = Moment(wallNs: 0, bootNs: 0, bootID: "boot")
        let states = [
            "a/n": RateState(value: .integer(100), moment: before),
            "b/n": RateState(value: .integer(0), moment: before),
        ]
        let check = every10s("a") { sample in
            if let rate = sample.ratePerSecond(of: "n", .integer(150)) {
                sample.gauge("n", .double(rate))
            }
        }
        let scheduler = scheduler([check], states: states)
        await during(scheduler) {
            await store.stored(1)
            await tick(1, runs: 1)
        }
        // The test clock's boot began five seconds ago.
        #expect(store.runs[0].points.value("n") == .double(10))
        #expect(store.runs[1].points.value("n") == .double(0))
        #expect(store.runs[0].rateChanges.map(\.key) == ["a/n"])
        let kept = await scheduler.rateStates
        #expect(kept["a/n"]?.value == .integer(150))
        #expect(kept["b/n"]?.value == .integer(0))
    }

    @Test func `a check that blocks a thread for ever costs only its own runs`() async throws {
        let gate = Gate()
        let starts = Counter()
        let hung = every10s("hung") { sample in
            starts.add()
            sample.gauge("lost", .integer(1))
            gate.wait()
        }
        let scheduler = scheduler([hung, every10s("well") { _ in }], concurrency: 1)
        await during(scheduler) {
            // Both share one slot: the deadline of the hung one frees it.
            await reach("hung", runs: 1)
            await reach("well", runs: 4)
            #expect(starts.value == 1)
            let run = store.runs.first { $0.check == "hung" }
            guard case .timedOut(let words) = run?.end else {
                Issue.record("ended as \(String(describing: run?.end))")
                return
            }
            #expect(words.contains("did not end within 10.0 seconds"))
            #expect(run?.points.map(\.series.metric).contains("lost") == false)
            #expect(store.ticks(of: "hung").count == 1)
            gate.open()
            while starts.value < 2 {
                clock.advance(by: .milliseconds(500))
                await Task.yield()
            }
            while store.ticks(of: "hung").count < 2 { await Task.yield() }
        }
        #expect(await scheduler.missedTicks["hung", default: 0] > 0)
        let ticks = store.ticks(of: "hung")
        #expect(Set(ticks).count == ticks.count)
    }

    /// Moves the clock on in small steps until `check` has so many runs.
    private func reach(_ check: String, runs count: Int) async {
        while store.ticks(of: check).count < count {
            clock.advance(by: .milliseconds(500))
            await Task.yield()
        }
    }

    @Test func `more hung checks than slots do not stop the others`() async {
        let gate = Gate()
        let hung = (0..<6).map { number in
            every10s("hung\(number)", timeout: .seconds(1)) { _ in gate.wait() }
        }
        let scheduler = scheduler(hung + [every10s("well") { _ in }], concurrency: 2)
        await during(scheduler) {
            while store.runs.filter({ $0.check.hasPrefix("hung") }).count < 6
                || store.ticks(of: "well").count < 3
            {
                clock.advance(by: .milliseconds(500))
                await Task.yield()
            }
            gate.open()
        }
        #expect(store.ticks(of: "well").count >= 3)
    }

    @Test func `a check that heeds the deadline keeps what it measured`() async throws {
        let check = every10s("a", timeout: .seconds(3)) { [clock] sample in
            sample.gauge("m", .integer(1))
            sample.rate("r", .integer(1))
            try await clock.sleep(untilBootNs: .max)
        }
        await during(scheduler([check])) {
            // The check and its alarm sleep.
            await clock.sleepers(2)
            clock.advance(by: .seconds(3))
            await store.stored(1)
        }
        let run = store.runs[0]
        #expect(run.end.problem?.hasPrefix("did not end within 3.0 seconds") == true)
        #expect(run.points.value("m") == .integer(1))
        #expect(run.rateChanges.count == 1)
    }

    @Test func `no more checks run at a time than may`() async {
        let running = Counter()
        let checks = (0..<12).map { number in
            every10s("c\(number)") { _ in
                running.add()
                await Task.yield()
                running.add(-1)
            }
        }
        await during(scheduler(checks, concurrency: 3)) {
            await store.stored(12)
            await tick(2, runs: 12)
        }
        #expect(running.peak <= 3)
    }

    @Test(arguments: [86_400, -86_400, 3, -3])
    func `a step of the wall clock neither stops the runs nor makes them storm`(
        seconds: Int
    ) async {
        // The alarm of a deadline so far away is told from the sleep until the next tick.
        let check = every10s("a", timeout: .seconds(1000)) { _ in }
        await during(scheduler([check])) {
            await store.stored(1)
            await tick(2, runs: 1)
            await clock.sleepers(1, within: .seconds(25))
            let before = store.runs.count
            let sleeps = clock.sleepsStarted
            clock.step(by: .seconds(seconds))
            for _ in 0..<20 {
                clock.advance(by: .seconds(5))
                await clock.sleepers(1, within: .seconds(25))
            }
            // A hundred seconds of ten-second intervals.
            #expect((9...11).contains(store.runs.count - before))
            #expect(clock.sleepsStarted - sleeps < 40)
        }
        let ticks = store.ticks(of: "a")
        #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0 != $1 })
        let wall = clock.now().wallNs / 1_000_000_000
        #expect(abs(ticks.last! - wall) <= 20)
        #expect(
            log.all == [
                "the clock was set; points have the new time from now on by_seconds=\(Double(seconds))"
            ])
    }

    @Test func `stopping waits for runs in progress and stores them`() async {
        let check = every10s("a") { [clock] sample in
            try await clock.sleep(untilBootNs: clock.now().bootNs + 4_000_000_000)
            sample.gauge("m", .integer(1))
        }
        let scheduler = scheduler([check])
        let running = Task { await scheduler.run() }
        await clock.sleepers(2)
        let stopping = Task { await scheduler.stop(within: .seconds(30)) }
        // The stop's own alarm.
        await clock.sleepers(3)
        clock.advance(by: .seconds(4))
        await stopping.value
        await running.value
        #expect(store.runs.map(\.end) == [.succeeded])
        #expect(store.runs[0].points.value("m") == .integer(1))
    }

    @Test func `at the stop's deadline a run is cut, hanging or not, and stored`() async {
        let gate = Gate()
        let checks = [
            every10s("heeds") { [clock] sample in
                sample.gauge("m", .integer(1))
                try await clock.sleep(untilBootNs: .max)
            },
            every10s("hangs") { _ in gate.wait() },
        ]
        let scheduler = scheduler(checks)
        let running = Task { await scheduler.run() }
        await clock.sleepers(3)
        let stopping = Task { await scheduler.stop(within: .seconds(6)) }
        await clock.sleepers(4)
        clock.advance(by: .seconds(4))
        await store.stored(1)
        while store.runs.count < 2 {
            clock.advance(by: .milliseconds(500))
            await Task.yield()
        }
        await stopping.value
        await running.value
        #expect(Set(store.runs.map(\.check)) == ["heeds", "hangs"])
        for run in store.runs {
            #expect(run.end.problem?.hasPrefix("was cut short") == true, "\(run.end)")
        }
        #expect(store.runs.first { $0.check == "heeds" }?.points.value("m") == .integer(1))
        gate.open()
    }

    @Test func `cancelling the task stops the scheduler`() async {
        let scheduler = scheduler([every10s("a") { _ in }])
        let running = Task { await scheduler.run() }
        await store.stored(1)
        running.cancel()
        await running.value
        #expect(store.runs.count == 1)
    }

    @Test func `without checks it runs until it is stopped`() async {
        let scheduler = scheduler([])
        let hasEnded = Counter()
        let running = Task {
            await scheduler.run()
            hasEnded.add()
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(hasEnded.value == 0)
        await scheduler.stop(within: .seconds(1))
        await running.value
    }

    @Test func `stopping before the start leaves nothing to run`() async {
        let scheduler = scheduler([every10s("a") { _ in }])
        await scheduler.stop(within: .seconds(1))
        await scheduler.run()
        #expect(store.runs.isEmpty)
    }

    @Test(arguments: [(0.1, 1.0), (1, 1), (10, 10), (60, 60), (3600, 60)])
    func `the timeout is the interval, at least a second and at most a minute`(
        interval: Double, timeout: Double
    ) {
        #expect(ScheduledCheck.defaultTimeout(for: .seconds(interval)) == .seconds(timeout))
    }
}
