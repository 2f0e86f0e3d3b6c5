public import Logging
public import PuyPuyCore

/// Runs every check on its own interval, and hands each run to the store.
///
/// A check never overlaps itself, a hung one costs only its own runs, and the network is never
/// waited for. See ``TickSchedule`` for when a check runs and ``RunInProgress`` for its deadline.
/// Use: ``run()`` in one task, ``stop(within:)`` in another.
public actor Scheduler {
    private let checks: [ScheduledCheck]
    /// Checks that came after the start.
    private let arrivals: AsyncStream<Arrival>
    private let arrival: AsyncStream<Arrival>.Continuation
    private var baseTags: Tags
    private let store: any RunStore
    private let clock: any SchedulerClock
    private let logger: Logger
    /// When runs start.
    public nonisolated let starts: RunStarts
    private let threads: RunThreads
    private let slots: Slots

    private var states: [String: [String: RateState]]
    private var isStopping = false
    private let stopRequest = FirstEvent<Void>()
    private var inProgress: [String: RunInProgress] = [:]
    private var naps: [String: Task<Void, Never>] = [:]
    private var hungChecks: [String: FirstEvent<Void>] = [:]
    private var activeLoops = 0
    /// The life that each check has at the moment, by name, and how it is told that it is over.
    private var lives: [String: Life] = [:]
    /// The place of each check among the others, by name: see ``TickSchedule``. A free one is given again.
    private var positions: [String: Int] = [:]
    /// Lives that are over and have not ended yet, the latest of each name.
    private var departing: [String: Life] = [:]
    private var whenStopped: [FirstEvent<Bool>] = []

    /// One check from when it is added until it is removed.
    private struct Life {
        let number: Int
        let interval: Duration
        let position: Int
        let turns: RunTurns?
        let ended = FirstEvent<Void>()
    }

    /// A check that is added while the scheduler runs.
    private struct Arrival: Sendable {
        let check: ScheduledCheck
        let life: Life
        /// The check of the same name that has to end first.
        let predecessor: FirstEvent<Void>?
    }

    private var lifeNumber = 0
    /// The wall clock's lead over the boot clock at the last start of a run.
    private var leadNs: Int64?

    /// The longest pause of a check whose runs hang.
    static let longestPause = Duration.seconds(600)

    /// Ticks that passed without a run since the start, by check.
    public private(set) var missedTicks: [String: Int] = [:]

    /// A scheduler of `checks`, whose names differ.
    ///
    /// `rateStates` are the readings of counters that the spool kept, under keys that begin with
    /// the check's name and a slash. At most `maxConcurrency` checks run at a time; those that hang
    /// beyond their deadline do not count. When runs start is noted in `starts`.
    public init(
        checks: [ScheduledCheck], baseTags: Tags, store: any RunStore,
        rateStates: [String: RateState] = [:], clock: any SchedulerClock = SystemSchedulerClock(),
        maxConcurrency: Int = 8, starts: RunStarts = RunStarts(), logger: Logger
    ) {
        self.checks = checks
        self.baseTags = baseTags
        self.store = store
        self.clock = clock
        self.starts = starts
        self.logger = logger
        (arrivals, arrival) = AsyncStream.makeStream()
        states = Scheduler.splitByCheck(rateStates)
        slots = Slots(count: max(maxConcurrency, 1))
        // A script's run blocks one thread and needs another to be ended.
        threads = RunThreads(limit: max(maxConcurrency, 1) * 2)
    }

    /// The latest readings of counters, for the scheduler that follows after a reload.
    public var rateStates: [String: RateState] {
        states.values.reduce(into: [:]) { all, one in all.merge(one) { _, new in new } }
    }

    /// The checks that run at the moment, in the order of their names.
    public var checkNames: [String] { lives.keys.sorted() }

    /// How often each of them runs.
    public var intervals: [String: Duration] { lives.mapValues(\.interval) }

    /// Runs the checks until ``stop(within:)``, also when there are none. Cancelling the task stops
    /// them at once. Call it once.
    public func run() async {
        for check in checks { add(check) }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for await arrival in arrivals {
                    group.addTask { await self.keepRunning(arrival) }
                }
            }
            await stopRequest.value()
        } onCancel: {
            Task { await self.stop(within: .zero) }
        }
    }

    /// Removes the checks called `names`, whose runs in progress may end, and adds others. One of a
    /// removed name starts when the removed one has ended. Runs that begin from now on have
    /// `baseTags`, when there are any.
    public func change(
        removing names: Set<String>, adding others: [ScheduledCheck], baseTags tags: Tags? = nil
    ) {
        if isStopping { return }
        if let tags { baseTags = tags }
        for name in names {
            guard let life = lives.removeValue(forKey: name) else { continue }
            departing[name] = life
            positions[name] = nil
            naps[name]?.cancel()
            hungChecks[name]?.happen(())
        }
        for check in others where lives[check.name] == nil {
            add(check, after: departing[check.name]?.ended)
        }
    }

    private func add(_ check: ScheduledCheck, after predecessor: FirstEvent<Void>? = nil) {
        lifeNumber += 1
        let taken = Set(positions.values)
        let position = (0...taken.count).first { !taken.contains($0) } ?? 0
        positions[check.name] = position
        let life = Life(
            number: lifeNumber, interval: check.interval, position: position, turns: check.turns)
        lives[check.name] = life
        activeLoops += 1
        arrival.yield(Arrival(check: check, life: life, predecessor: predecessor))
    }

    /// Starts no further run, and returns when all that were in progress are stored.
    ///
    /// Runs that have not ended shortly before `deadline` has passed are cut and stored as timed
    /// out; with a deadline of zero that is now.
    public func stop(within deadline: Duration) async {
        isStopping = true
        stopRequest.happen(())
        for nap in naps.values { nap.cancel() }
        for hung in hungChecks.values { hung.happen(()) }
        slots.open()
        arrival.finish()
        for life in lives.values { life.turns?.open() }
        if activeLoops == 0 { return }

        // Children need half a second to be killed.
        let grace = max(min(RunInProgress.grace, deadline / 2), .seconds(1))
        let stopped = FirstEvent<Bool>()
        whenStopped.append(stopped)
        let alarm = Task { [clock] in
            let patience = max(deadline - grace, .zero)
            let endBootNs = clock.now().bootNs + patience.nanoseconds
            while !Task.isCancelled && clock.now().bootNs < endBootNs {
                try? await clock.sleep(untilBootNs: endBootNs)
            }
            stopped.happen(false)
        }
        let hasStopped = await stopped.value()
        alarm.cancel()
        if hasStopped { return }
        let afterCut = FirstEvent<Bool>()
        if activeLoops == 0 { return }
        whenStopped.append(afterCut)
        for run in inProgress.values { run.cut(grace: grace) }
        _ = await afterCut.value()
    }

    /// The life of one check.
    private func keepRunning(_ arrival: Arrival) async {
        let check = arrival.check
        await arrival.predecessor?.value()
        await runUntilRemoved(arrival)
        await check.check.retire()
        loopEnded(check.name, arrival.life)
    }

    private func runUntilRemoved(_ arrival: Arrival) async {
        let check = arrival.check
        var schedule = TickSchedule(
            interval: check.interval, host: baseTags["host"] ?? "", position: arrival.life.position)
        let now = clock.now()
        let readings = (states[check.name] ?? [:]).values.map(\.moment)
            .filter { $0.bootID == now.bootID }
        if let latest = readings.max(by: { $0.bootNs < $1.bootNs }) {
            schedule.resume(after: latest, at: now)
        }
        var hangs = 0
        while goesOn(arrival) {
            if case .wait(let ns) = schedule.decision(at: clock.now()) {
                await nap(check.name, untilBootNs: clock.now().bootNs + ns)
                continue
            }
            let inLineSinceNs = clock.now().bootNs
            await check.turns?.take()
            await prepare(check)
            await slots.take()
            // Time passed while it waited.
            let now = clock.now()
            guard goesOn(arrival), case .run(let tickNs, let missed) = schedule.decision(at: now)
            else {
                slots.give()
                check.turns?.give()
                continue
            }
            noteStep(at: now)
            starts.note(lateNs: schedule.started(tickNs: tickNs, at: now))
            // What passed in a pause was not missed.
            if hangs == 0 {
                note(missed: missed, of: check, waitedNs: now.bootNs - inLineSinceNs)
            }
            let end = await runOnce(check, tickNs: tickNs)
            guard check.turns != nil, case .timedOut = end, goesOn(arrival) else {
                hangs = 0
                continue
            }
            hangs += 1
            await pause(check, hangs: hangs)
        }
    }

    private func goesOn(_ arrival: Arrival) -> Bool {
        !isStopping && lives[arrival.check.name]?.number == arrival.life.number
    }

    /// Waits after the run of a check hung that keeps others waiting: one interval, then two, four …
    private func pause(_ check: ScheduledCheck, hangs: Int) async {
        let intervals = 1 << min(hangs - 1, 20)
        let length = min(check.interval * intervals, max(Scheduler.longestPause, check.interval))
        logger.warning(
            "check pauses, since its runs hang and keep others waiting",
            metadata: [
                "check": .string(check.name), "seconds": "\(length.inSeconds)",
                "hung_runs": "\(hangs)",
            ])
        let endBootNs = clock.now().bootNs + length.nanoseconds
        while !isStopping && lives[check.name] != nil && clock.now().bootNs < endBootNs {
            await nap(check.name, untilBootNs: endBootNs)
        }
    }

    /// Runs and stores; returns when the check has ended, too. Gives the slot and the turn back.
    private func runOnce(_ check: ScheduledCheck, tickNs: Int64) async -> RunEnd {
        let progress = RunInProgress(
            check, tickNs: tickNs, baseTags: baseTags, states: states[check.name] ?? [:],
            clock: clock, threads: threads)
        inProgress[check.name] = progress
        let result = await progress.result()
        inProgress[check.name] = nil
        slots.give()
        check.turns?.give()
        for change in result.run.rateChanges {
            states[check.name, default: [:]][change.key] = change.state
        }
        log(result, of: check)
        await store.store(result.run)
        if result.isAbandoned { await waitForHung(progress, of: check) }
        return result.run.end
    }

    private func waitForHung(_ progress: RunInProgress, of check: ScheduledCheck) async {
        if isStopping { return }
        let ended = FirstEvent<Void>()
        hungChecks[check.name] = ended
        threads.replaceStuckThread()
        await progress.ended(or: ended)
        threads.stuckThreadReturned()
        hungChecks[check.name] = nil
        if isStopping { return }
        logger.notice("hung check has ended", metadata: ["check": .string(check.name)])
    }

    private func nap(_ name: String, untilBootNs bootNs: Int64) async {
        if isStopping || lives[name] == nil { return }
        let nap = Task { [clock] in
            do { try await clock.sleep(untilBootNs: bootNs) } catch { return }
        }
        naps[name] = nap
        await nap.value
        naps[name] = nil
    }

    /// Like a nap, so that stopping ends it.
    private func prepare(_ check: ScheduledCheck) async {
        if isStopping || lives[check.name] == nil { return }
        let preparation = Task { await check.check.prepare() }
        naps[check.name] = preparation
        await preparation.value
        naps[check.name] = nil
    }

    /// Who looks at a chart of that time wonders about points that are missing, or that stand twice.
    private func noteStep(at now: Moment) {
        let lead = now.wallNs - now.bootNs
        defer { leadNs = lead }
        guard let leadNs, abs(lead - leadNs) > TickSchedule.stepNs else { return }
        let step = Duration.nanoseconds(lead - leadNs)
        logger.notice(
            "the clock was set; points have the new time from now on",
            metadata: ["by_seconds": "\(step.inSeconds)"])
    }

    private func note(missed: Int, of check: ScheduledCheck, waitedNs: Int64) {
        guard missed > 0 else { return }
        missedTicks[check.name, default: 0] += missed
        let hasWaited = waitedNs >= check.interval.nanoseconds / 2
        logger.warning(
            hasWaited
                ? "check missed ticks while others ran that it waits for"
                : "check missed ticks: its run before took longer than its interval",
            metadata: ["check": .string(check.name), "ticks": .stringConvertible(missed)])
    }

    private func log(_ result: RunInProgress.Result, of check: ScheduledCheck) {
        guard let problem = result.run.end.problem else { return }
        logger.warning(
            "check failed", metadata: ["check": .string(check.name), "reason": .string(problem)])
    }

    private func loopEnded(_ name: String, _ life: Life) {
        life.ended.happen(())
        if departing[name]?.number == life.number { departing[name] = nil }
        activeLoops -= 1
        guard activeLoops == 0 else { return }
        for waiter in whenStopped { waiter.happen(true) }
        whenStopped.removeAll()
    }

    /// Readings by check: what stands before the first slash of a key names it.
    static func splitByCheck(_ states: [String: RateState]) -> [String: [String: RateState]] {
        states.reduce(into: [:]) { split, entry in
            let name = String(entry.key.prefix { $0 != "/" })
            split[name, default: [:]][entry.key] = entry.value
        }
    }
}
