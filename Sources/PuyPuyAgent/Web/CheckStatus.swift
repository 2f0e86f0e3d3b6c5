internal import PuyPuyCore
internal import PuyPuySpool

/// One check: how its runs are going.
public struct CheckStatus: Sendable, Hashable {
    /// How its runs are going.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// The last run gave what it should.
        case ok
        /// The last run failed, or did not end in time.
        case failing
        /// It has not run for more than twice its interval and a minute.
        case late
        /// It has not run yet.
        case waiting
        /// It ran once, and is enabled no more.
        case removed
    }

    /// The check's name, with its instance.
    public var name: String
    /// How its runs are going.
    public var state: State
    /// How often it runs; `nil` when it is enabled no more.
    public var interval: Duration?
    /// What the spool knows of its runs; `nil` when there were none.
    private let summary: Summary?

    private struct Summary: Sendable, Hashable {
        let runs, failures, points, counterResets, lastPoints: Int64
        let lastStartedNs, lastDurationNs: Int64
        let lastProblem: String?
    }

    /// A check that runs every `interval`, or with `nil` not any more, at `nowNs`.
    init(_ name: String, interval: Duration?, _ summary: CheckSummary?, nowNs: Int64) {
        self.name = name
        self.interval = interval
        self.summary = summary.map { summary in
            Summary(
                runs: summary.runs, failures: summary.failures, points: summary.points,
                counterResets: summary.counterResets, lastPoints: summary.lastPoints,
                lastStartedNs: summary.lastStartedNs, lastDurationNs: summary.lastDurationNs,
                lastProblem: summary.lastProblem)
        }
        guard let interval else {
            state = .removed
            return
        }
        guard let summary else {
            state = .waiting
            return
        }
        // A run that is under way at the moment is not late yet.
        let patience = (interval * 2 + .seconds(60)).nanoseconds
        if summary.lastProblem != nil {
            state = .failing
        } else {
            state = nowNs - summary.lastStartedNs > patience ? .late : .ok
        }
    }

    /// Every check that runs every so often or that the spool knows, by name.
    static func all(
        intervals: [String: Duration], summaries: [CheckSummary], nowNs: Int64
    ) -> [CheckStatus] {
        let known = Dictionary(summaries.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        return Set(intervals.keys).union(known.keys).sorted().map { name in
            CheckStatus(name, interval: intervals[name], known[name], nowNs: nowNs)
        }
    }

    /// The check as the API gives it.
    var json: String {
        let seconds = { (ns: Int64) in "\((Double(ns) / 1e3).rounded() / 1e6)" }
        return JSONText.object([
            ("name", JSONText.string(name)), ("state", JSONText.string(state.rawValue)),
            ("interval_seconds", interval.map { "\($0 / .seconds(1))" } ?? "null"),
            ("runs", "\(summary?.runs ?? 0)"), ("failed_runs", "\(summary?.failures ?? 0)"),
            ("points", "\(summary?.points ?? 0)"),
            ("counter_resets", "\(summary?.counterResets ?? 0)"),
            ("last_run_ns", JSONText.optional(summary?.lastStartedNs)),
            ("last_seconds", summary.map { seconds($0.lastDurationNs) } ?? "null"),
            ("last_points", JSONText.optional(summary?.lastPoints)),
            ("last_error", JSONText.optional(summary?.lastProblem)),
        ])
    }
}
