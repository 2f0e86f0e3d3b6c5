/// The delay before the next attempt: exponential, with full jitter.
///
/// `delay(n) = random × min(cap, first × 2^n)`, with `random` in 0…1. With `first` 1 s and `cap`
/// 60 s:
///
/// | failures before | longest delay |
/// |---|---|
/// | 0 | 1 s |
/// | 1 | 2 s |
/// | 2 | 4 s |
/// | 5 | 32 s |
/// | 6 and more | 60 s |
///
/// Full jitter spreads the hosts of a fleet best: M. Brooker, "Exponential Backoff And Jitter", 2015.
public struct Backoff: Sendable, Hashable {
    /// The longest delay after the first failure.
    public let first: Duration
    /// The longest delay ever.
    public let cap: Duration

    /// For an answer that may be better later: 1 s to 60 s.
    public static let transient = Backoff(first: .seconds(1), cap: .seconds(60))

    /// For connections that are refused: half a second to `cap`. A refused connection costs nobody
    /// anything, so the cap is low and points flow soon after the return.
    public static func reconnect(cap: Duration) -> Backoff {
        Backoff(first: min(.milliseconds(500), cap), cap: cap)
    }

    /// Delays from `first` up to `cap`.
    public init(first: Duration, cap: Duration) {
        self.first = first
        self.cap = cap
    }

    /// The delay after `failures` earlier failures in a row; `random` is in 0…1.
    public func delay(afterFailures failures: Int, random: Double) -> Duration {
        // 2^30 times any sensible first delay is over any sensible cap.
        let ceiling = min(cap, first * (1 << min(failures, 30)))
        return ceiling * random
    }
}
