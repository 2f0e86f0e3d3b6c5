public import Logging
public import PuyPuyCore

/// Runs every check on its own interval, and hands each run to the store.
///
/// A check never overlaps itself, a hung one costs only its own runs, and the network is never
/// waited for. See ``TickSchedule`` for when a check runs and ``RunInProgress`` for its deadline.
/// Use: ``run()`` in one task, ``stop(within:)`` in another.
public actor Scheduler {
    private let checks: [ScheduledCheck]
    private let baseTags: Tags
    private let store: any RunStore
    private let clock: any SchedulerClock
    private let logger: Logger
    private let threads: RunThreads
    private let slots: Slots

    private var states: [String: [String: RateState]]
    private var isStopping = false
    private let stopRequest = FirstEvent<Void>()
    private var inProgress: [String: RunInProgress] = [:]
    private var naps: [String: Task<Void, Never>] = [:]
    private var hungChecks: [String: FirstEvent<Void>] = [:]
    private var activeLoops = 0
    private var whenStopped: [FirstEvent<Bool>] = []

    /// Ticks that passed without a run since the start, by check.
    public private(set) var missedTicks: [String: Int] = [:]

    /// A scheduler of `checks`, whose names differ.
    ///
    /// `rateStates` are the readings of counters that the spool kept, under keys that begin with
    /// the check's name and a slash. At most `maxConcurrency` checks run at a time; those that hang
    /// beyond their deadline do not count.
    public init(
        checks: [ScheduledCheck], baseTags: Tags, store: any RunStore,
        rateStates: [String: RateState] = [:], clock: any SchedulerClock = SystemSchedulerClock(),
        maxConcurrency: Int = 8, logger: Logger
    ) {
        self.checks = checks
        self.baseTags = baseTags
        self.store = store
        self.clock = clock
        self.logger = logger
        states = Scheduler.splitByCheck(rateStates)
        slots = Slots(count: max(maxConcurrency, 1))
        // A script's run blocks one thread and needs another to be ended.
        threads = RunThreads(limit: max(maxConcurrency, 1) * 2)
    }

    /// The latest readings of counters, for the scheduler that follows after a reload.
    public var rateStates: [String: RateState] {
        states.values.reduce(into: [:]) { all, one in all.merge(one) { _, new in new } }
    }

    /// Runs the checks until ``stop(within:)``, also when there are none. Cancelling the task stops
    /// them at once. Call it once.
    public func run() async {
        activeLoops = checks.count
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for check in checks { group.addTask { await self.keepRunning(check) } }
            }
            await stopRequest.value()
        } onCancel: {
            Task { await self.stop(within: .zero) }
        }
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
    private func keepRunning(_ check: ScheduledCheck) async {
        defer { loopEnded() }
        var schedule = TickSchedule(interval: check.interval, host: baseTags["host"] ?? "")
        let now = clock.now()
        let readings = (states[check.name] ?? [:]).values.map(\.moment)
            .filter { $0.bootID == now.bootID }
        if let latest = readings.max(by: { $0.bootNs < $1.bootNs }) {
            schedule.resume(after: latest, at: now)
        }
        while !isStopping {
            if case .wait(let ns) = schedule.decision(at: clock.now()) {
                await nap(check.name, untilBootNs: clock.now().bootNs + ns)
                continue
            }
            await slots.take()
            // Time passed while it waited for a slot.
            let now = clock.now()
            guard !isStopping, case .run(let tickNs, let missed) = schedule.decision(at: now) else {
                slots.give()
                continue
            }
            schedule.started(tickNs: tickNs, at: now)
            note(missed: missed, of: check)
            await runOnce(check, tickNs: tickNs)
        }
    }

    /// Runs and stores; returns when the check has ended, too. Gives the slot back.
    private func runOnce(_ check: ScheduledCheck, tickNs: Int64) async {
        let progress = RunInProgress(
            check, tickNs: tickNs, baseTags: baseTags, states: states[check.name] ?? [:],
            clock: clock, threads: threads)
        inProgress[check.name] = progress
        let result = await progress.result()
        inProgress[check.name] = nil
        slots.give()
        for change in result.run.rateChanges {
            states[check.name, default: [:]][change.key] = change.state
        }
        log(result, of: check)
        await store.store(result.run)
        if result.isAbandoned { await waitForHung(progress, of: check) }
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
        if isStopping { return }
        let nap = Task { [clock] in
            do { try await clock.sleep(untilBootNs: bootNs) } catch { return }
        }
        naps[name] = nap
        await nap.value
        naps[name] = nil
    }

    private func note(missed: Int, of check: ScheduledCheck) {
        guard missed > 0 else { return }
        missedTicks[check.name, default: 0] += missed
        logger.warning(
            "check missed ticks: its run before took longer than its interval",
            metadata: ["check": .string(check.name), "ticks": .stringConvertible(missed)])
    }

    private func log(_ result: RunInProgress.Result, of check: ScheduledCheck) {
        guard let problem = result.run.end.problem else { return }
        logger.warning(
            "check failed", metadata: ["check": .string(check.name), "reason": .string(problem)])
    }

    private func loopEnded() {
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
