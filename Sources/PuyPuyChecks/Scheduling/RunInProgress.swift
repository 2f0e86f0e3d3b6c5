internal import PuyPuyCore

/// One run of one check, from its start to the ``Run`` that is stored.
///
/// At the deadline the check's task is cancelled. A check that then ends within ``grace`` keeps the
/// points that it made; one that does not is abandoned with its points.
final class RunInProgress: Sendable {
    /// How long a check has to end when it is told to: a child's SIGTERM and SIGKILL fit in.
    static let grace = Duration.seconds(2)

    /// What came of a run.
    struct Result: Sendable {
        /// What is to be stored.
        let run: Run
        /// True when the check has still not ended.
        let isAbandoned: Bool
    }

    /// What the check's task hands back.
    private struct Collected: Sendable {
        let points: [Point]
        let refusals: [Refusal]
        let rateChanges: [RateChange]
        let counterResets: Int
        let end: RunEnd
        /// Where it was when it was told to end, in words, when that is known.
        let place: String?
        let ended: Moment
    }

    private enum Event: Sendable {
        case ended(Collected)
        case deadline
        case cut(grace: Duration)
    }

    private let check: ScheduledCheck
    private let baseTags: Tags
    private let tickNs: Int64
    private let started: Moment
    private let clock: any SchedulerClock
    private let task: Task<Collected, Never>
    private let firstEvent = FirstEvent<Event>()

    /// Starts `check` on `threads` for the tick `tickNs`; `states` are its readings so far.
    init(
        _ check: ScheduledCheck, tickNs: Int64, baseTags: Tags, states: [String: RateState],
        clock: any SchedulerClock, threads: RunThreads
    ) {
        let tags = baseTags.merging(check.tags)
        let started = clock.now()
        self.check = check
        self.baseTags = tags
        self.tickNs = tickNs
        self.started = started
        self.clock = clock
        task = Task(executorPreference: threads) {
            var sample = Sample(
                check: check.name, timestampNs: tickNs, moment: clock.now(), baseTags: tags,
                rates: RateTable(states: states))
            var end = RunEnd.succeeded
            var place: String?
            do {
                try await check.check.collect(into: &sample)
            } catch {
                end = .failed("\(error)")
                place = (error as? PythonModuleProblem)?.words
            }
            return Collected(
                points: sample.points, refusals: sample.refusals,
                rateChanges: sample.takeRateChanges(), counterResets: sample.counterResets,
                end: end, place: place, ended: clock.now())
        }
    }

    /// Ends the run before its deadline: the check has `grace` to end.
    func cut(grace: Duration) { firstEvent.happen(.cut(grace: grace)) }

    /// Waits for the run's end or deadline. Call it once.
    func result() async -> Result {
        switch await event(firstEvent, within: check.timeout) {
        case .ended(let collected): return finished(collected, end: collected.end)
        case .deadline:
            let words = "did not end within \(check.timeout)"
            return await givenUp(
                words, hint: "raise its timeout, or see what it waits for",
                grace: RunInProgress.grace)
        case .cut(let grace):
            return await givenUp(
                "was cut short", hint: "PuyPuy stops; shutdown_seconds gives it more time",
                grace: grace)
        }
    }

    /// Waits until the check has really ended, or `other` happens.
    func ended(or other: FirstEvent<Void>) async {
        Task {
            _ = await task.value
            other.happen(())
        }
        await other.value()
    }

    private func givenUp(_ words: String, hint: String, grace: Duration) async -> Result {
        task.cancel()
        if case .ended(let collected) = await event(FirstEvent(), within: grace) {
            let place = collected.place.map { ": \($0)" } ?? ""
            return finished(collected, end: .timedOut("\(words)\(place) (\(hint))"))
        }
        let reason = "\(words) and hangs; it starts again when it has ended (\(hint))"
        let run = run(end: .timedOut(reason), at: clock.now())
        return Result(run: run, isAbandoned: true)
    }

    /// The first of: the check's end, `limit`, and what else is reported to `first`.
    private func event(_ first: FirstEvent<Event>, within limit: Duration) async -> Event {
        let endBootNs = clock.now().bootNs + limit.nanoseconds
        let alarm = Task { [clock] in
            // Cancelled means that the check ended first; it may also return early.
            while !Task.isCancelled && clock.now().bootNs < endBootNs {
                try? await clock.sleep(untilBootNs: endBootNs)
            }
            first.happen(.deadline)
        }
        Task { [task] in first.happen(.ended(await task.value)) }
        defer { alarm.cancel() }
        return await first.value()
    }

    private func finished(_ collected: Collected, end: RunEnd) -> Result {
        var run = run(end: end, at: collected.ended)
        run.points = collected.points + run.points
        run.refusals = collected.refusals
        run.rateChanges = collected.rateChanges
        run.counterResets = collected.counterResets
        return Result(run: run, isAbandoned: false)
    }

    /// A run with the two points that every run has.
    private func run(end: RunEnd, at ended: Moment) -> Run {
        let duration = Duration.nanoseconds(max(ended.bootNs - started.bootNs, 0))
        let tags = baseTags.merging(["check": check.name, "type": "puypuy"])
        let figures: [(metric: String, value: Value)] = [
            ("puypuy_check_duration_seconds", .double(duration.inSeconds)),
            ("puypuy_check_success", .integer(end == .succeeded ? 1 : 0)),
        ]
        let points = figures.map { figure in
            Point(
                series: Series(metric: figure.metric, tags: tags), timestampNs: tickNs,
                value: figure.value)
        }
        return Run(
            check: check.name, startedNs: started.wallNs, duration: duration, end: end,
            points: points)
    }
}
