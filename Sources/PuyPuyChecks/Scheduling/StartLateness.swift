internal import Synchronization

/// How late runs start: the scheduler notes it, PuyPuy's own check reports it.
public final class StartLateness: Sendable {
    private let largestNs = Atomic<Int64>(0)

    /// Nothing was late so far.
    public init() {}

    /// A run started so many nanoseconds after it was due.
    func note(ns: Int64) { _ = largestNs.max(ns, ordering: .relaxed) }

    /// The most that a run was late since the last call.
    public func takeLargest() -> Duration {
        .nanoseconds(largestNs.exchange(0, ordering: .relaxed))
    }
}
