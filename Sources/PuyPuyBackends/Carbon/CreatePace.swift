internal import PuyPuyCore

/// Paces the series that are new to a Carbon, which drops the points of those beyond its
/// `MAX_CREATES_PER_MINUTE` without a word.
///
/// A token bucket, as Carbon has one (carbon 1.1 `writer.py`, `util.TokenBucket`): it fills with
/// `limit` tokens a minute, and a new series costs one. Carbon's bucket starts to fill when it
/// writes, later than ours; so ours holds a fifth less, and a burst finds Carbon's never the emptier.
struct CreatePace {
    private let perSecond: Double
    private let capacity: Double
    private let clock: @Sendable () -> ContinuousClock.Instant
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant
    private var known: Set<SeriesID> = []
    private var admitted: Set<SeriesID> = []

    /// At most `limit` new series a minute, by a clock that never goes back.
    init(
        limit: Int, clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        perSecond = Double(max(1, limit)) / 60
        capacity = max(1, Double(limit) * 0.8)
        self.clock = clock
        tokens = capacity
        filledAt = clock()
    }

    /// Begins a request: time has passed.
    mutating func begin() {
        let now = clock()
        tokens = min(capacity, tokens + max(0, (now - filledAt) / .seconds(1)) * perSecond)
        filledAt = now
        admitted.removeAll(keepingCapacity: true)
    }

    /// Whether points of this series may go now.
    mutating func admits(_ id: SeriesID) -> Bool {
        if known.contains(id) || admitted.contains(id) { return true }
        guard tokens >= 1 else { return false }
        tokens -= 1
        admitted.insert(id)
        return true
    }

    /// The request ended. Only what Carbon confirmed is known from now on. What may have reached it
    /// has cost it a token, so the tokens come back only when `nothingWasSent`.
    mutating func end(isConfirmed: Bool, nothingWasSent: Bool) {
        if isConfirmed {
            known.formUnion(admitted)
        } else if nothingWasSent {
            tokens = min(capacity, tokens + Double(admitted.count))
        }
        admitted.removeAll(keepingCapacity: true)
    }

    /// How long it takes until one more new series may go.
    var wait: Duration { .seconds(max(0.001, (1 - tokens) / perSecond)) }
}
