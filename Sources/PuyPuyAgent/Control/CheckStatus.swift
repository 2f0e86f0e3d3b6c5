internal import PuyPuyCore
internal import PuyPuySpool

/// How one check is doing.
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
    public let name: String
    /// How its runs are going.
    public let state: State
    /// How often it runs; `nil` when it is enabled no more.
    public let interval: Duration?
    /// Runs so far, those that failed, all their points, and counters that began anew.
    public let runs, failures, points, counterResets: Int64
    /// When the last run started, nanoseconds since the epoch; `nil` before the first.
    public let lastStartedNs: Int64?
    /// How long it took, nanoseconds, and its points.
    public let lastDurationNs, lastPoints: Int64
    /// What was wrong with it; `nil` after a success.
    public let lastProblem: String?
    /// Since when it is overdue; `nil` unless it is late.
    public let lateBy: Duration?

    /// A check that runs every `interval`, or with `nil` not any more, at `nowNs`, in a daemon that runs
    /// since `sinceNs`. Without that, one that never ran is waiting, not late.
    init(
        _ name: String, interval: Duration?, _ summary: CheckSummary?, nowNs: Int64,
        sinceNs: Int64? = nil
    ) {
        self.name = name
        self.interval = interval
        runs = summary?.runs ?? 0
        failures = summary?.failures ?? 0
        points = summary?.points ?? 0
        counterResets = summary?.counterResets ?? 0
        lastStartedNs = summary?.lastStartedNs
        lastDurationNs = summary?.lastDurationNs ?? 0
        lastPoints = summary?.lastPoints ?? 0
        lastProblem = summary?.lastProblem
        let expectedNs = [summary?.lastStartedNs, sinceNs].compactMap { $0 }.max()
        lateBy = Self.delay(since: expectedNs, interval: interval, nowNs: nowNs)
        state =
            if interval == nil {
                .removed
            } else if lastProblem != nil {
                .failing
            } else if lateBy != nil {
                .late
            } else {
                summary == nil ? .waiting : .ok
            }
    }

    /// A run that is under way at the moment is not late yet.
    private static func delay(since startNs: Int64?, interval: Duration?, nowNs: Int64) -> Duration?
    {
        guard let startNs, let interval else { return nil }
        let late = Duration.nanoseconds(max(nowNs - startNs, 0)) - interval
        return late > interval + .seconds(60) ? late : nil
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

    /// For programs.
    var json: String {
        let seconds = "\((Double(lastDurationNs) / 1e3).rounded() / 1e6)"
        return JSONText.object([
            ("name", JSONText.string(name)), ("state", JSONText.string(state.rawValue)),
            ("interval_seconds", interval.map { "\($0 / .seconds(1))" } ?? "null"),
            ("runs", "\(runs)"), ("failed_runs", "\(failures)"), ("points", "\(points)"),
            ("counter_resets", "\(counterResets)"),
            ("last_run_ns", JSONText.optional(lastStartedNs)),
            ("last_seconds", lastStartedNs == nil ? "null" : seconds),
            ("last_points", lastStartedNs == nil ? "null" : "\(lastPoints)"),
            ("last_error", JSONText.optional(lastProblem)),
        ])
    }
}
