internal import PuyPuyCore

/// When a check runs next: pure arithmetic on two clocks.
///
/// Ticks are the multiples of the interval on the wall clock, so that the series of all checks and
/// hosts align. A tick is run at most once; the start is delayed by the host's jitter, which spreads
/// the hosts of a fleet, so that they do not ask their database all at the same moment. The checks of
/// one host share it, so that their points share a commit and a request. A tick that could not be run
/// in time is missed and counted, and only the latest one is run. Where there are more checks than run
/// side by side, those further back start a little later each time, so that none has to wait in line.
///
/// The first run is at once, unless the check was run less than half an interval ago, before a
/// restart. A tick that follows it within half an interval counts as run, too: a rate over a moment
/// would be mostly the error of that moment.
///
/// A step of the wall clock, told by its distance from the boot clock, starts no run before an
/// interval has really passed, and none later than two intervals after the previous one. From then
/// on ticks follow the new wall clock.
struct TickSchedule {
    /// What to do now.
    enum Decision: Equatable {
        /// Run with this timestamp, nanoseconds since the epoch; so many ticks were missed.
        case run(tickNs: Int64, missed: Int)
        /// Look again after so many nanoseconds; always positive.
        case wait(ns: Int64)
    }

    /// The largest difference between the clocks' progress that is not a step: slewing stays far
    /// below it between two looks.
    static let stepNs: Int64 = 500_000_000

    let intervalNs: Int64
    let jitterNs: Int64

    /// The last tick that was run, or that counts as run.
    private var lastTickNs: Int64?
    /// When the last run was due to start, on the boot clock.
    private var lastStartBootNs: Int64 = 0
    /// The wall clock's lead over the boot clock when the schedule was last brought in line with it.
    private var leadNs: Int64 = 0

    /// A schedule with nothing run so far. `interval` is at least a millisecond; `position` is the
    /// check's place among those of its host, from 0.
    init(interval: Duration, host: String, position: Int = 0) {
        intervalNs = max(interval.nanoseconds, 1_000_000)
        jitterNs =
            TickSchedule.jitterNs(of: host, intervalNs: intervalNs)
            + TickSchedule.staggerNs(ofPosition: position, intervalNs: intervalNs)
    }

    /// The delay of a host's starts: the same at every start of the daemon, at most a tenth of the
    /// interval and at most 500 ms.
    static func jitterNs(of host: String, intervalNs: Int64) -> Int64 {
        let longest = min(intervalNs / 10, 500_000_000)
        // FNV-1a; the standard library's hashes differ from process to process.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in host.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // The low bits of similar names differ most after folding.
        return Int64((hash ^ (hash >> 32)) % UInt64(longest + 1))
    }

    /// So many checks start at the same moment: all of most hosts, whose points then share a commit.
    static let checksAtOnce = 16
    /// So much later the next ones start. A run of a built-in check takes about a millisecond.
    static let staggerStepNs: Int64 = 15_000_000

    /// The delay of the check at `position`, less than a quarter of the interval.
    static func staggerNs(ofPosition position: Int, intervalNs: Int64) -> Int64 {
        Int64(position / checksAtOnce) * staggerStepNs % max(intervalNs / 4, 1)
    }

    /// Goes on from a run at `earlier`, of a scheduler before this one, when that was less than half
    /// an interval ago. To be called before the first decision.
    mutating func resume(after earlier: Moment, at now: Moment) {
        let agoNs = now.bootNs - earlier.bootNs
        guard earlier.bootID == now.bootID, (0..<intervalNs / 2).contains(agoNs) else { return }
        lastTickNs = tick(before: now.wallNs - agoNs + intervalNs / 2)
        lastStartBootNs = earlier.bootNs
        leadNs = now.wallNs - now.bootNs
    }

    /// What to do at `now`. The first decision is to run, at once, with the millisecond as timestamp.
    mutating func decision(at now: Moment) -> Decision {
        guard let last = lastTickNs else {
            // Not a tick: a process that was restarted within an interval must not repeat one.
            return .run(tickNs: now.wallNs - now.wallNs % 1_000_000, missed: 0)
        }
        let current = tick(before: now.wallNs - jitterNs)
        let lead = now.wallNs - now.bootNs
        let wasStepped = abs(lead - leadNs) > TickSchedule.stepNs
        if wasStepped {
            // A tenth less, since the clocks' rates differ a little.
            let hasPassed = now.bootNs - lastStartBootNs >= intervalNs - intervalNs / 10
            // The new lead is noted when the run starts: until then each look has to see the step.
            if hasPassed && current != last { return .run(tickNs: current, missed: 0) }
            // The tick under way counts as run, but a tick that was run does not come again.
            let isJustBefore = current <= last && last - current <= intervalNs
            let done = isJustBefore ? last : current
            lastTickNs = done
            leadNs = lead
            return .wait(ns: max(done + intervalNs + jitterNs - now.wallNs, 1))
        }
        leadNs = lead
        let due = last + intervalNs
        if current >= due {
            return .run(tickNs: current, missed: Int((current - due) / intervalNs))
        }
        return .wait(ns: max(due + jitterNs - now.wallNs, 1))
    }

    /// Notes that the run of `tickNs` started at `now`. Returns how late that is, nanoseconds, an interval
    /// at most; the first run is never late.
    @discardableResult
    mutating func started(tickNs: Int64, at now: Moment) -> Int64 {
        // A tick is its own multiple; only the first run may lie between two.
        lastTickNs = tick(before: tickNs + intervalNs / 2)
        leadNs = now.wallNs - now.bootNs
        // Measured from the tick, a late start does not delay the next one.
        let lateNs = min(max(now.wallNs - tickNs - jitterNs, 0), intervalNs)
        lastStartBootNs = now.bootNs - lateNs
        return lateNs
    }

    /// The multiple of the interval at or before `wallNs`, also before 1970.
    private func tick(before wallNs: Int64) -> Int64 {
        let remainder = wallNs % intervalNs
        return wallNs - (remainder < 0 ? remainder + intervalNs : remainder)
    }
}
