internal import Logging
internal import PuyPuyCore
internal import Synchronization

/// The last value of every series, as runs are stored: what /metrics shows.
///
/// A series goes when its check has not given it for a while: five minutes, or longer for a check
/// that runs rarely. At most ``maxSeries`` are kept; series beyond are not shown, and counted. Memory
/// is what the series themselves take, and does not grow with the number of points.
final class LastValues: Sendable {
    /// How long a value stands for its series, at least: as long as Prometheus itself looks back for
    /// the last sample (its `--query.lookback-delta`).
    static let lifetime = Duration.seconds(300)

    /// So many series at most: some 60 MB, where a large host has 5,000.
    static let maxSeries = 100_000

    private struct Entry {
        var value: Value
        var expires: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Series: Entry] = [:]
        /// How long the values of a check stand, where that is not ``LastValues/lifetime``.
        var lifetimes: [String: Duration] = [:]
        var nextSweep: ContinuousClock.Instant?
        /// Values that were not shown, since the last sweep.
        var leftOut = 0
        var hasWarned = false
    }

    private let maxSeries: Int
    private let logger: Logger?
    private let state = Mutex(State())

    /// No values, of which at most `maxSeries` are kept.
    init(maxSeries: Int = LastValues.maxSeries, logger: Logger? = nil) {
        self.maxSeries = maxSeries
        self.logger = logger
    }

    /// Learns how often `check` runs, from now on.
    func expect(_ check: String, every interval: Duration) {
        // A check that is late once is not gone yet.
        let lifetime = max(Self.lifetime, interval * 2 + .seconds(60))
        state.withLock { $0.lifetimes[check] = lifetime }
    }

    /// Takes over the values of `run`, which ended at `now`.
    func observe(_ run: Run, at now: ContinuousClock.Instant = .now) {
        let leftOut = state.withLock { state -> Int in
            let expires = now + (state.lifetimes[run.check] ?? Self.lifetime)
            sweep(&state, at: now)
            for point in run.points {
                if state.entries[point.series] != nil || state.entries.count < maxSeries {
                    state.entries[point.series] = Entry(value: point.value, expires: expires)
                } else {
                    state.leftOut += 1
                }
            }
            guard state.leftOut > 0 && !state.hasWarned else { return 0 }
            state.hasWarned = true
            return state.leftOut
        }
        if leftOut > 0 {
            logger?.warning(
                "more series than /metrics shows; all of them are in the spool",
                metadata: ["shown": "\(maxSeries)", "check": "\(run.check)"])
        }
    }

    /// Every series with its last value, in no order.
    func current(at now: ContinuousClock.Instant = .now) -> [(series: Series, value: Value)] {
        state.withLock { state in
            var values: [(series: Series, value: Value)] = []
            values.reserveCapacity(state.entries.count)
            for (series, entry) in state.entries where entry.expires > now {
                values.append((series, entry.value))
            }
            return values
        }
    }

    /// The last value of `series`; `nil` when it is over or there was none.
    func value(of series: Series, at now: ContinuousClock.Instant = .now) -> Value? {
        state.withLock { state in
            state.entries[series].flatMap { $0.expires > now ? $0.value : nil }
        }
    }

    /// Forgets what is over, now and then: it costs a look at every series.
    private func sweep(_ state: inout State, at now: ContinuousClock.Instant) {
        guard let next = state.nextSweep else {
            state.nextSweep = now + .seconds(60)
            return
        }
        guard now >= next else { return }
        state.entries = state.entries.filter { $0.value.expires > now }
        state.nextSweep = now + .seconds(60)
        if state.leftOut == 0 { state.hasWarned = false }
        state.leftOut = 0
    }
}

/// The spool, with an eye on what goes into it.
///
/// Values are shown also when the spool cannot commit them at the moment: a host whose disk is full
/// is one to look at.
struct ObservedStore: RunStore {
    let store: any RunStore
    let values: LastValues

    func store(_ run: Run) async {
        await store.store(run)
        values.observe(run)
    }
}
