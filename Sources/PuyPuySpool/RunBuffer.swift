internal import PuyPuyCore

/// Runs that wait in memory while commits fail, oldest first, up to a bound in points.
struct RunBuffer {
    private(set) var runs: [Run] = []
    private(set) var points = 0
    private var dropped = false

    /// Points that are nowhere unless what waits is committed: those that wait, and those that were
    /// dropped, whose count waits.
    var uncommittedPoints: Int {
        points
            + runs.reduce(0) { sum, run in
                run.refusals.reduce(sum) { $1.reason == .memoryFull ? $0 + $1.count : $0 }
            }
    }

    /// Whether points were dropped since the last call.
    mutating func takeDroppedFlag() -> Bool {
        defer { dropped = false }
        return dropped
    }

    /// Everything was committed.
    mutating func clear() {
        runs.removeAll()
        points = 0
    }

    /// Adds `run` and keeps to `limit` points. What goes is counted, by metric, in a run that
    /// stays, so that the count is committed with it.
    mutating func add(_ run: Run, limit: Int, overflow: Overflow) {
        runs.append(run)
        points += run.points.count
        while points > limit {
            let victim =
                switch overflow {
                case .dropOldest: runs.firstIndex { !$0.points.isEmpty }
                case .dropNewest: runs.lastIndex { !$0.points.isEmpty }
                }
            guard let victim else { return }
            let lost = runs[victim].points
            runs[victim].points = []
            var counts: [String: Int] = [:]
            for point in lost { counts[point.series.metric, default: 0] += 1 }
            runs[victim].refusals += counts.map {
                Refusal(metric: $0.key, reason: .memoryFull, count: $0.value)
            }
            points -= lost.count
            dropped = true
        }
        mergeEmptied()
    }

    /// Runs without points still hold counts and rate state; of each check one is enough.
    private mutating func mergeEmptied() {
        guard runs.count > 1_000 else { return }
        var latest: [String: Int] = [:]
        var merged: [Run] = []
        for run in runs {
            if let index = latest[run.check], merged[index].points.isEmpty, run.points.isEmpty {
                merged[index].absorb(run)
            } else {
                latest[run.check] = merged.count
                merged.append(run)
            }
        }
        runs = merged
    }
}

extension Run {
    /// Adds what `later`, a run of the same check without points, still holds.
    fileprivate mutating func absorb(_ later: Run) {
        var counts: [Refusal: Int] = [:]
        for refusal in refusals + later.refusals {
            counts[Refusal(metric: refusal.metric, reason: refusal.reason, count: 0), default: 0] +=
                refusal.count
        }
        refusals = counts.map {
            Refusal(metric: $0.key.metric, reason: $0.key.reason, count: $0.value)
        }
        var states: [String: RateState] = [:]
        for change in rateChanges + later.rateChanges { states[change.key] = change.state }
        rateChanges = states.map { RateChange(key: $0.key, state: $0.value) }
        counterResets += later.counterResets
        startedNs = later.startedNs
        duration = later.duration
        end = later.end
    }
}
