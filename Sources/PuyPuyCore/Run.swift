/// How a run of a check ended.
public enum RunEnd: Sendable, Hashable {
    /// It produced what it could.
    case succeeded
    /// It failed, for this reason; what it had produced by then still counts.
    case failed(String)
    /// It did not end before its deadline.
    case timedOut(String)

    /// What went wrong, or `nil` after a success.
    public var problem: String? {
        switch self {
        case .succeeded: nil
        case .failed(let reason), .timedOut(let reason): reason
        }
    }
}

/// Why a value never became a point. Nothing is dropped without being counted by reason.
public enum RefusalReason: String, Sendable, Hashable, CaseIterable {
    /// NaN or an infinity.
    case notFinite = "not-finite"
    /// Not a number, or a line that could not be read.
    case unreadable
    /// A name that is empty.
    case unnamed
    /// Memory was full while the spool could not commit.
    case memoryFull = "memory-full"
}

/// Values of one metric that were refused in a run.
public struct Refusal: Sendable, Hashable {
    /// The metric, or as much of its name as could be read.
    public let metric: String
    /// Why.
    public let reason: RefusalReason
    /// How many values.
    public let count: Int

    /// `count` refused values of `metric`.
    public init(metric: String, reason: RefusalReason, count: Int = 1) {
        self.metric = metric
        self.reason = reason
        self.count = count
    }
}

/// What one run of one check produced. The spool commits it whole or not at all.
public struct Run: Sendable {
    /// The check's name, with its instance when it has one: `cpustats`, `redis@cache`.
    public var check: String
    /// When the run started, nanoseconds since the epoch.
    public var startedNs: Int64
    /// How long it took.
    public var duration: Duration
    /// How it ended.
    public var end: RunEnd
    /// The points, gauges as they were read and counters already turned into rates.
    public var points: [Point]
    /// Readings of counters that replace the previous ones.
    public var rateChanges: [RateChange]
    /// Values that did not become points.
    public var refusals: [Refusal]
    /// Counters that went down since the previous run.
    public var counterResets: Int

    /// What the run of `check` that started at `startedNs` produced.
    public init(
        check: String, startedNs: Int64, duration: Duration = .zero, end: RunEnd = .succeeded,
        points: [Point] = [], rateChanges: [RateChange] = [], refusals: [Refusal] = [],
        counterResets: Int = 0
    ) {
        self.check = check
        self.startedNs = startedNs
        self.duration = duration
        self.end = end
        self.points = points
        self.rateChanges = rateChanges
        self.refusals = refusals
        self.counterResets = counterResets
    }
}

/// Where finished runs go: the spool in the daemon, a list in `puypuy once` and in tests.
public protocol RunStore: Sendable {
    /// Takes over `run`. When this returns, the run is durable, or waits in bounded memory for the
    /// spool to be writable again; a failure is counted and visible there, never thrown here, since
    /// a check can do nothing about it.
    func store(_ run: Run) async
}
