public import PuyPuyCore
internal import Synchronization

/// How a sender is doing since it started.
public struct SenderStatus: Sendable {
    /// The backend's name.
    public var backend: String
    /// How the delivery is going.
    public var condition = Delivery.Condition.flowing
    /// Requests that were answered or failed.
    public var requests = 0
    /// Requests that failed: backed off, or held.
    public var failedRequests = 0
    /// Why the last request that failed did, and when: also after the delivery has recovered.
    public var lastFailure: (reason: String, at: ContinuousClock.Instant)?
    /// Points that left the pending set as delivered.
    public var delivered = 0
    /// Points that left it as dead letters.
    public var dead = 0
    /// How long the requests took, together.
    public var requestTime = Duration.zero
    /// How long the slowest request since ``SenderBoard/takeSlowest()`` took.
    public var slowestRequest = Duration.zero
}

/// Where a sender shows its status: it may be read at any time, also while the sender's thread waits
/// for a server.
public final class SenderBoard: Sendable {
    private let status: Mutex<SenderStatus>

    init(backend: String) { status = Mutex(SenderStatus(backend: backend)) }

    /// The status now.
    public var current: SenderStatus { status.withLock { $0 } }

    /// The status now, and starts the search for the slowest request anew.
    public func takeSlowest() -> SenderStatus {
        status.withLock { status in
            defer { status.slowestRequest = .zero }
            return status
        }
    }

    func update(_ change: (inout SenderStatus) -> Void) { status.withLock { change(&$0) } }
}
