public import PuyPuyCore

extension Scheduler {
    /// Runs each check once, all at the same time, and returns the runs in the order of `checks`.
    ///
    /// With a `pause` they run twice, that far apart, and the runs of the second time are returned:
    /// rates need two readings. Deadlines hold as in the daemon. `rateStates` are readings to
    /// start from, as in ``init(checks:baseTags:store:rateStates:clock:maxConcurrency:logger:)``.
    /// Nothing is stored. Throws only when the task is cancelled in the pause.
    public static func collectOnce(
        _ checks: [ScheduledCheck], baseTags: Tags, twiceWithPause pause: Duration? = nil,
        rateStates: [String: RateState] = [:], clock: any SchedulerClock = SystemSchedulerClock(),
        maxConcurrency: Int = 8
    ) async throws -> [Run] {
        let limit = max(maxConcurrency, 1)
        let slots = Slots(count: limit)
        let threads = RunThreads(limit: limit * 2 + checks.count)
        var states = rateStates

        func runAll() async -> [RunInProgress.Result] {
            let tickNs = clock.now().wallNs
            let known = splitByCheck(states)
            return await withTaskGroup(of: (Int, RunInProgress.Result).self) { group in
                for (position, check) in checks.enumerated() {
                    group.addTask {
                        await check.turns?.take()
                        await check.check.prepare()
                        await slots.take()
                        defer {
                            slots.give()
                            check.turns?.give()
                        }
                        let progress = RunInProgress(
                            check, tickNs: tickNs, baseTags: baseTags,
                            states: known[check.name] ?? [:], clock: clock, threads: threads)
                        return (position, await progress.result())
                    }
                }
                var results = [RunInProgress.Result?](repeating: nil, count: checks.count)
                for await (position, result) in group { results[position] = result }
                return results.compactMap { $0 }
            }
        }

        let first = await runAll()
        guard let pause else { return first.map(\.run) }
        for change in first.flatMap(\.run.rateChanges) { states[change.key] = change.state }
        let endBootNs = clock.now().bootNs + pause.nanoseconds
        while clock.now().bootNs < endBootNs { try await clock.sleep(untilBootNs: endBootNs) }
        return await runAll().map(\.run)
    }
}
