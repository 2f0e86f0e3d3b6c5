internal import PuyPuyBackends
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// One backend: what it is owed and how its delivery is going.
public struct BackendStatus: Sendable, Hashable {
    /// How the delivery is going.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Points are accepted, or there are none to send.
        case flowing
        /// Requests fail and are tried again with growing pauses.
        case backingOff = "backing_off"
        /// Requests fail until somebody changes something; tried once a minute.
        case holding
        /// The configuration has it no more; what is pending for it waits for it to come back.
        case removed
        /// The spool itself is the destination.
        case local
        /// No daemon runs that could deliver.
        case stopped

        /// For people.
        public var words: String { self == .backingOff ? "backing off" : rawValue }
    }

    /// The backend's name.
    public var name: String
    /// Its type, as `tsdtype` says it.
    public var type: String
    /// How the delivery is going.
    public var state: State
    /// Points that it has not confirmed.
    public var pending: Int64 = 0
    /// When the oldest of them was committed, nanoseconds since the epoch.
    public var oldestPendingNs: Int64?
    /// Points that were collected for it.
    public var collected: Int64 = 0
    /// Those that it confirmed.
    public var delivered: Int64 = 0
    /// Those that it refused for good.
    public var dead: Int64 = 0
    /// Those that a limit or damage took before.
    public var expired: Int64 = 0
    /// Requests since the daemon started.
    public var requests: Int64 = 0
    /// Those that failed.
    public var failedRequests: Int64 = 0
    /// Why the last request that failed did, in the server's or the system's words.
    public var lastError: String?
    /// How long ago that was, seconds.
    public var lastErrorAgeSeconds: Double?
    /// What an operator can do.
    public var hint: String?
    /// The time to the next attempt, seconds; `nil` when none is waited for.
    public var nextAttemptSeconds: Double?

    /// A backend that the spool does not know yet.
    init(_ configuration: BackendConfiguration) {
        name = configuration.name
        type = configuration.type.rawValue
        state = configuration.type.hasSender ? .stopped : .local
    }

    /// What the spool knows of a backend while no daemon runs. `isConfigured` is what the
    /// configuration says, which may have changed since the spool was written.
    init(_ summary: BackendSummary, isConfigured: Bool) {
        name = summary.name
        type = summary.type
        let hasSender = BackendType(rawValue: summary.type)?.hasSender ?? true
        state = !isConfigured ? .removed : hasSender ? .stopped : .local
        pending = summary.ledger.pending
        oldestPendingNs = summary.oldestPendingNs
        collected = summary.ledger.collected
        delivered = summary.ledger.delivered
        dead = summary.ledger.dead
        expired = summary.ledger.expired
        if state == .removed && pending > 0 {
            hint =
                "its points hold the spool: configure it again, or puypuy backend forget \(name)"
        }
    }

    /// What the spool and, when it has one, the backend's sender know of it at `now`.
    init(_ summary: BackendSummary, sender: SenderStatus?, at now: ContinuousClock.Instant) {
        self.init(summary, isConfigured: summary.isActive)
        guard let sender, state == .stopped else { return }
        state = .flowing
        requests = Int64(sender.requests)
        failedRequests = Int64(sender.failedRequests)
        lastError = sender.lastFailure?.reason
        lastErrorAgeSeconds = sender.lastFailure.map { ($0.at.duration(to: now)) / .seconds(1) }
        switch sender.condition {
        case .flowing: break
        case .backingOff(let reason, _, let until):
            state = .backingOff
            lastError = reason
            nextAttemptSeconds = max(0, now.duration(to: until) / .seconds(1))
        case .holding(let reason, let hint, let until):
            state = .holding
            lastError = reason
            self.hint = hint
            nextAttemptSeconds = max(0, now.duration(to: until) / .seconds(1))
        }
    }
}

extension BackendStatus {
    /// The backend as the API and `puypuy backend list --json` give it.
    public var json: String {
        JSONText.object([
            ("name", JSONText.string(name)), ("type", JSONText.string(type)),
            ("state", JSONText.string(state.rawValue)), ("pending", "\(pending)"),
            ("oldest_pending_ns", JSONText.optional(oldestPendingNs)),
            ("collected", "\(collected)"), ("delivered", "\(delivered)"), ("dead", "\(dead)"),
            ("expired", "\(expired)"), ("requests", "\(requests)"),
            ("failed_requests", "\(failedRequests)"), ("last_error", JSONText.optional(lastError)),
            ("last_error_age_seconds", Self.rounded(lastErrorAgeSeconds)),
            ("hint", JSONText.optional(hint)),
            ("next_attempt_seconds", Self.rounded(nextAttemptSeconds)),
        ])
    }

    /// Reads ``json`` back; `nil` when it is none.
    init?(_ value: JSONValue) {
        guard let name = value["name"]?.string, let type = value["type"]?.string,
            let state = value["state"]?.string.flatMap(State.init)
        else { return nil }
        self.name = name
        self.type = type
        self.state = state
        pending = value["pending"]?.integer ?? 0
        oldestPendingNs = value["oldest_pending_ns"]?.integer
        collected = value["collected"]?.integer ?? 0
        delivered = value["delivered"]?.integer ?? 0
        dead = value["dead"]?.integer ?? 0
        expired = value["expired"]?.integer ?? 0
        requests = value["requests"]?.integer ?? 0
        failedRequests = value["failed_requests"]?.integer ?? 0
        lastError = value["last_error"]?.string
        lastErrorAgeSeconds = value["last_error_age_seconds"]?.double
        hint = value["hint"]?.string
        nextAttemptSeconds = value["next_attempt_seconds"]?.double
    }

    /// To a tenth of a second: more would only be noise.
    private static func rounded(_ seconds: Double?) -> String {
        seconds.map { "\(($0 * 10).rounded() / 10)" } ?? "null"
    }
}
