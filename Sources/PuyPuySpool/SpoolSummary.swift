public import PuyPuyCore

/// How the spool of a daemon is doing.
public struct SpoolState: Sendable {
    /// Why the last commit failed; `nil` after a success.
    public var trouble: SpoolError?
    /// Points that wait in memory because commits fail.
    public var bufferedPoints: Int
    /// Bytes of `spool.db`.
    public var fileBytes: Int64
    /// Bytes of the write-ahead log.
    public var logBytes: Int64
    /// The backends with their books; see ``SpoolReader/books()``.
    public var books: Result<[BackendSummary], SpoolError>
}

/// What a spool holds, at one moment.
public struct SpoolSummary: Sendable {
    /// The backends with their books, by number.
    public var backends: [BackendSummary] = []
    /// The checks with their status, by name.
    public var checks: [CheckSummary] = []
    /// Batches retained.
    public var batches: Int64 = 0
    /// Points retained.
    public var points: Int64 = 0
    /// Bytes of the retained points' payloads.
    public var payloadBytes: Int64 = 0
    /// Bytes of `spool.db`.
    public var fileBytes: Int64 = 0
    /// Bytes of the write-ahead log.
    public var logBytes: Int64 = 0
    /// Series known.
    public var series: Int64 = 0
    /// Counters with rate state.
    public var counters: Int64 = 0
    /// Smallest and largest timestamp retained, nanoseconds since the epoch.
    public var timesNs: ClosedRange<Int64>?
    /// Values that never became points.
    public var refusals: [RefusalSummary] = []
}

/// One backend of a spool.
public struct BackendSummary: Sendable {
    /// The backend's name.
    public var name: String
    /// Its type.
    public var type: String
    /// Its books.
    public var ledger: Ledger
    /// Batches that are pending.
    public var pendingBatches: Int64
    /// The pending points counted from the batches, which the books have to agree with.
    public var pendingRecounted: Int64
    /// When the oldest pending batch was committed, nanoseconds since the epoch.
    public var oldestPendingNs: Int64?
    /// Whether points are still collected for it.
    public var isActive: Bool

    /// Whether every collected point is accounted for, and the pending ones are there.
    public var balances: Bool { ledger.balances && ledger.pending == pendingRecounted }
}

/// One check's status.
public struct CheckSummary: Sendable {
    /// The check's name, with its instance.
    public var name: String
    /// Runs so far, and how many of them failed or did not end in time.
    public var runs: Int64
    /// Runs that failed.
    public var failures: Int64
    /// Points of all runs.
    public var points: Int64
    /// Counters that went down.
    public var counterResets: Int64
    /// When the last run started, nanoseconds since the epoch.
    public var lastStartedNs: Int64
    /// How long the last run took, nanoseconds.
    public var lastDurationNs: Int64
    /// The points of the last run.
    public var lastPoints: Int64
    /// What was wrong with the last run; `nil` after a success.
    public var lastProblem: String?
}

/// Values of one metric that were refused.
public struct RefusalSummary: Sendable {
    /// The check that made them.
    public var check: String
    /// The metric, or as much of its name as could be read.
    public var metric: String
    /// Why.
    public var reason: String
    /// How many.
    public var count: Int64
}

/// A point that a backend refused for good.
public struct DeadLetter: Sendable {
    /// The backend's name.
    public var backend: String
    /// The point.
    public var point: Point
    /// The backend's words.
    public var reason: String
    /// When it was refused, nanoseconds since the epoch.
    public var diedNs: Int64
}
