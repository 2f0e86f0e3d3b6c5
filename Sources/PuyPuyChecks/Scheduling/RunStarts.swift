internal import Glibc
internal import PuyPuyCore
internal import Synchronization

/// When runs start, and how late: the scheduler notes it, PuyPuy's own check reports it, senders
/// with much to send let the checks that are due go first, and a commit waits for the runs that end with
/// those that it has.
public final class RunStarts: Sendable {
    /// A run that starts later than this counts as late.
    public static let tolerance = Duration.milliseconds(100)
    /// After a start others may follow: the scheduler spreads them in steps of less than this.
    static let wave = Duration.milliseconds(30)

    private let largestNs = Atomic<Int64>(0)
    private let lateRuns = Atomic<Int64>(0)
    private let lastNs = Atomic<Int64>(.min / 2)

    /// Nothing has started so far.
    public init() {}

    /// A run started, so many nanoseconds after it was due. `atNs` is now, on a clock that only goes on.
    func note(lateNs: Int64, atNs: Int64 = clockNs()) {
        largestNs.max(lateNs, ordering: .relaxed)
        if lateNs > RunStarts.tolerance.nanoseconds { lateRuns.add(1, ordering: .relaxed) }
        lastNs.store(atNs, ordering: .relaxed)
    }

    /// The most that a run was late since the last call.
    public func takeLargest() -> Duration {
        .nanoseconds(largestNs.exchange(0, ordering: .relaxed))
    }

    /// How many runs were late since the process started.
    public var late: Int64 { lateRuns.load(ordering: .relaxed) }

    /// Whether checks are starting at the moment.
    public var areUnderWay: Bool { timeLeft != nil }

    /// For so long checks are starting, unless others follow; `nil` when none are.
    public var timeLeft: Duration? { timeLeft(atNs: RunStarts.clockNs()) }

    func timeLeft(atNs: Int64) -> Duration? {
        let passedNs = atNs - lastNs.load(ordering: .relaxed)
        let left = RunStarts.wave - .nanoseconds(passedNs)
        return left > .zero ? left : nil
    }

    static func clockNs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
