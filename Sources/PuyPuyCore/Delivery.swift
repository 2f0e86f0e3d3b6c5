/// The decisions of a sender, without any I/O: which points next, when, and what an answer means.
///
/// The shell around it asks ``next(at:pending:random:)`` for a decision, carries it out, and reports
/// the event: ``loaded(points:)``, ``finished(_:at:random:)``, ``acknowledged()``. Points are
/// named by their rows in the unit in hand: the points that the shell loaded last.
///
/// A unit is acknowledged whole, in one transaction, when each of its points is either confirmed or
/// refused for good. Until then nothing of it leaves the pending set, so a crash sends it again.
public struct Delivery: ~Copyable {
    /// What bounds a delivery.
    public struct Policy: Sendable, Hashable {
        /// The most points in a request.
        public var maxBatchPoints: Int
        /// The most points in a second; `nil` without a limit.
        public var maxPointsPerSecond: Int?
        /// The longest wait between attempts to connect.
        public var reconnectMax: Duration
        /// Strictly by age, instead of the newest first.
        public var oldestFirst: Bool

        /// The bounds of a delivery; the defaults are those of the configuration.
        public init(
            maxBatchPoints: Int = 10_000, maxPointsPerSecond: Int? = nil,
            reconnectMax: Duration = .seconds(5), oldestFirst: Bool = false
        ) {
            self.maxBatchPoints = max(1, maxBatchPoints)
            self.maxPointsPerSecond = maxPointsPerSecond
            self.reconnectMax = reconnectMax
            self.oldestFirst = oldestFirst
        }
    }

    /// What is pending, as far as decisions need it.
    public struct Pending: Sendable, Hashable {
        /// Batches that no newer delivered batch has overtaken.
        public var fresh: Bool
        /// Batches behind a newer one that is delivered already.
        public var backlog: Bool

        /// Whether there are fresh batches, and whether there are others.
        public init(fresh: Bool, backlog: Bool) {
            self.fresh = fresh
            self.backlog = backlog
        }
    }

    /// Which points the next unit is made of.
    public enum Pick: Sendable, Hashable {
        /// The newest pending batches.
        case newest
        /// The oldest pending batches.
        case oldest
    }

    /// What to do next.
    public enum Decision: Sendable, Equatable {
        /// Nothing is pending: wait for a commit.
        case idle
        /// Wait until this instant, or for nothing else.
        case wait(until: ContinuousClock.Instant)
        /// Load a unit of whole batches with at most `maxPoints` points, one batch at least, and
        /// report ``loaded(points:)``.
        case load(Pick, maxPoints: Int)
        /// Send these rows in one request and report ``finished(_:at:random:)``.
        case send([Int])
        /// Take the unit out of the pending set, with these points as dead letters, in one
        /// transaction, and report ``acknowledged()``.
        case acknowledge([Outcome.Rejection])
    }

    /// How a delivery is going, for status and metrics.
    public enum Condition: Sendable, Hashable {
        /// Requests are accepted, or none was made yet.
        case flowing
        /// The last request failed; this is why, and the next attempt's time.
        case backingOff(reason: String, failures: Int, until: ContinuousClock.Instant)
        /// Somebody has to change something; this is why, what, and the next attempt's time.
        case holding(reason: String, hint: String, until: ContinuousClock.Instant)

        /// Why requests fail; `nil` while they are accepted.
        public var reason: String? {
            switch self {
            case .flowing: nil
            case .backingOff(let reason, _, _), .holding(let reason, _, _): reason
            }
        }
    }

    /// After an outage the first request carries so many points; each accepted one doubles it.
    static let slowStartPoints = 500
    /// One request in so many goes to the backlog while there are fresh points.
    static let backlogShare = 4

    /// So many failures in a row that may lie in the points are taken for the server's own.
    static let attemptsBeforeDoubt = 3

    /// Between requests that search for such points while others are accepted.
    static let searchPause = Duration.milliseconds(50)
    /// So many requests, smaller and smaller, search with at most a second between them, before the
    /// backoff spares the server.
    static let quickSearches = 24

    /// A server that asks for less would be asked without a pause.
    static let shortestRetryAfter = Duration.milliseconds(500)
    /// A server that asks for more is asked all the same, in case that it was mistaken.
    static let longestRetryAfter = Duration.seconds(3600)

    private enum Phase {
        case ready
        case loading
        case working
        case sending(Segment)
        case acknowledging
    }

    private let policy: Policy
    private let transient = Backoff.transient
    private let reconnect: Backoff
    private var phase = Phase.ready
    private var unit = Unit(points: 0)
    private var failures = 0
    private var freshInARow = 0
    private var rampLimit: Int
    /// What the server takes, once it has refused a request as too large.
    private var sizeLimit: Int
    private var notBefore: ContinuousClock.Instant?
    /// How the delivery is going.
    public private(set) var condition = Condition.flowing

    /// A delivery with nothing in hand.
    public init(policy: Policy) {
        self.policy = policy
        reconnect = .reconnect(cap: policy.reconnectMax)
        rampLimit = policy.maxBatchPoints
        sizeLimit = policy.maxBatchPoints
    }

    /// The decision at `now`, given what is `pending`.
    public mutating func next(at now: ContinuousClock.Instant, pending: Pending) -> Decision {
        switch phase {
        case .ready:
            // The order matters: a pick counts the share of the backlog.
            guard pending.fresh || pending.backlog else { return .idle }
            if let notBefore, notBefore > now { return .wait(until: notBefore) }
            phase = .loading
            return .load(pick(pending), maxPoints: requestLimit)
        case .working:
            if unit.isSettled {
                phase = .acknowledging
                return .acknowledge(unit.rejections)
            }
            if let notBefore, notBefore > now { return .wait(until: notBefore) }
            let segment = unit.nextSegment(maxPoints: requestLimit)
            phase = .sending(segment)
            return .send(unit.rows(segment))
        case .acknowledging: return .acknowledge(unit.rejections)
        case .loading, .sending: preconditionFailure("a decision is asked for while one is open")
        }
    }

    /// What there is to load as soon as the request under way is accepted, when it carries the whole
    /// unit; `nil` when nothing is. `pending` is what is pending beside the unit in hand.
    public func lookAhead(pending: Pending) -> (pick: Pick, maxPoints: Int)? {
        guard case .sending(let segment) = phase, segment.rows.count == unit.count,
            policy.maxPointsPerSecond == nil, pending.fresh || pending.backlog
        else { return nil }
        return (nextPick(pending), min(policy.maxBatchPoints, sizeLimit, rampLimit * 2))
    }

    /// The shell has loaded `points` points; none when the pending batches are gone.
    public mutating func loaded(points: Int) {
        guard case .loading = phase else { preconditionFailure("nothing was to be loaded") }
        unit = Unit(points: points)
        phase = points == 0 ? .ready : .working
    }

    /// A request ended at `now`. `random`, in 0…1, spreads the next attempt.
    public mutating func finished(
        _ attempt: Attempt, at now: ContinuousClock.Instant, random: Double
    ) {
        guard case .sending(let sent) = phase else { preconditionFailure("nothing was sent") }
        phase = .working
        let (segment, outcome) = unit.narrow(sent, to: attempt)
        switch outcome {
        case .accepted:
            unit.accept(segment)
            succeeded(points: segment.rows.count, at: now)
        case .acceptedExcept(let rejections):
            unit.accept(segment, except: rejections)
            succeeded(points: segment.rows.count, at: now)
        case .refused(let reason, let suspects):
            unit.refuse(segment, reason: reason, suspects: suspects)
            succeeded(points: segment.rows.count, at: now)
        case .tooLarge where segment.rows.count > 1:
            sizeLimit = segment.rows.count / 2
            unit.shrink(segment)
            notBefore = nil
        case .tooLarge(let reason):
            // It says nothing about the size of requests without it.
            sizeLimit = policy.maxBatchPoints
            if unit.hasAccepted {
                unit.refuse(segment, reason: reason, suspects: [])
                notBefore = nil
            } else {
                // Nor that it lies in the point: a proxy may refuse everything.
                failed(reason, delay: searchDelay(segment, nil, random), at: now)
                unit.doubt(segment, reason: reason)
                letGoIfUntouched()
            }
        case .unreachable(let reason):
            failed(reason, delay: reconnect.delay(afterFailures: failures, random: random), at: now)
            putBack(segment)
        case .transient(let reason, let retryAfter):
            failed(reason, delay: delay(retryAfter, random), at: now)
            putBack(segment)
        case .doubtful(let reason, let retryAfter):
            failed(reason, delay: searchDelay(segment, retryAfter, random), at: now)
            if unit.isDoubted || failures >= Self.attemptsBeforeDoubt {
                unit.doubt(segment, reason: reason)
                letGoIfUntouched()
            } else {
                putBack(segment)
            }
        case .postponed(let pause):
            notBefore = now + pause
            putBack(segment)
        case .misconfigured(let reason, let hint):
            let until = now + transient.cap
            notBefore = until
            rampLimit = min(policy.maxBatchPoints, Self.slowStartPoints)
            condition = .holding(reason: reason, hint: hint, until: until)
            putBack(segment)
        }
    }

    /// The unit has left the pending set.
    public mutating func acknowledged() {
        guard case .acknowledging = phase else { preconditionFailure("nothing was confirmed") }
        phase = .ready
        unit = Unit(points: 0)
    }

    /// Lets the unit in hand go, confirmed or not: it stays pending, if it still exists. For when
    /// the spool's file was replaced, so that its points can neither be named nor acknowledged.
    public mutating func letGo() {
        switch phase {
        case .ready, .working, .acknowledging: break
        case .loading, .sending: preconditionFailure("a decision is open")
        }
        phase = .ready
        unit = Unit(points: 0)
    }

    /// Forgets the wait, so that the next decision is an attempt: somebody says that the backend
    /// can work now, or time is running out.
    public mutating func retryNow() { notBefore = nil }

    /// A request is worth at most a second of the rate: the pause behind it is as long as it was
    /// large, and fresh points wait for its end.
    private var requestLimit: Int {
        let rate = max(1, policy.maxPointsPerSecond ?? .max)
        return min(policy.maxBatchPoints, sizeLimit, rampLimit, rate)
    }

    private mutating func pick(_ pending: Pending) -> Pick {
        let pick = nextPick(pending)
        if pending.backlog && !policy.oldestFirst {
            freshInARow = pick == .newest ? freshInARow + 1 : 0
        }
        return pick
    }

    private func nextPick(_ pending: Pending) -> Pick {
        if policy.oldestFirst { return .oldest }
        guard pending.backlog else { return .newest }
        return pending.fresh && freshInARow < Self.backlogShare - 1 ? .newest : .oldest
    }

    private mutating func succeeded(points: Int, at now: ContinuousClock.Instant) {
        failures = 0
        condition = .flowing
        rampLimit = min(policy.maxBatchPoints, rampLimit * 2)
        notBefore = policy.maxPointsPerSecond.map { limit in
            now + .seconds(Double(points) / Double(limit))
        }
    }

    private mutating func failed(
        _ reason: String, delay: Duration, at now: ContinuousClock.Instant
    ) {
        failures += 1
        rampLimit = min(policy.maxBatchPoints, Self.slowStartPoints)
        let until = now + delay
        notBefore = until
        condition = .backingOff(reason: reason, failures: failures, until: until)
    }

    /// The server's wish within reason, or else the backoff.
    private func delay(_ retryAfter: Duration?, _ random: Double) -> Duration {
        retryAfter.map { min(max($0, Self.shortestRetryAfter), Self.longestRetryAfter) }
            ?? transient.delay(afterFailures: failures, random: random)
    }

    /// The pause behind a failure that may lie in the points of `segment`.
    private func searchDelay(
        _ segment: Segment, _ retryAfter: Duration?, _ random: Double
    ) -> Duration {
        guard unit.isDoubted, retryAfter == nil else { return delay(retryAfter, random) }
        if unit.acceptsOthers && segment.rows.count > 1 { return Self.searchPause }
        return transient.delay(
            afterFailures: max(0, failures - Self.quickSearches), random: random)
    }

    /// After a failure a unit that is being bisected stays in hand; any other is let go, so that
    /// the next attempt starts with the newest points and no memory is held through an outage.
    private mutating func putBack(_ segment: Segment) {
        unit.putBack(segment)
        letGoIfUntouched()
    }

    private mutating func letGoIfUntouched() {
        guard unit.isUntouched else { return }
        unit = Unit(points: 0)
        phase = .ready
    }
}
