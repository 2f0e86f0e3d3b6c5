/// The last reading of one counter: what the next rate or delta is computed from.
public struct RateState: Sendable, Hashable {
    /// The counter as it was read.
    public let value: Value
    /// When it was read.
    public let moment: Moment

    /// A reading of `value` at `moment`.
    public init(value: Value, moment: Moment) {
        self.value = value
        self.moment = moment
    }
}

/// A change of rate state that commits together with the points computed from it.
public struct RateChange: Sendable, Hashable {
    /// The counter's name: see ``RateTable``.
    public let key: String
    /// The reading that replaces the previous one.
    public let state: RateState

    /// A change of the counter `key` to `state`.
    public init(key: String, state: RateState) {
        self.key = key
        self.state = state
    }
}

/// Turns readings of counters into rates and deltas.
///
/// A counter is named by a text key, such as `cpustats/cpu_user{core=all}`. A first reading, no
/// elapsed time, or a counter that went down gives no result, never an invented 0; the state is
/// replaced all the same. The table is in memory; ``takeChanges()`` hands what changed to the run,
/// so that it becomes durable in the same transaction as the run's points.
public struct RateTable: Sendable {
    /// Why a reading gave a result or none.
    public enum Verdict: Sendable, Equatable {
        /// The rate per second, or the difference.
        case result(Double)
        /// The counter was not known before.
        case first
        /// No time passed since the previous reading.
        case noElapsedTime
        /// The counter went down: its source was restarted, or it wrapped.
        case reset
    }

    private var states: [String: RateState]
    private var changed: [String: RateState] = [:]

    /// A table that continues from `states`, as the spool kept them.
    public init(states: [String: RateState] = [:]) { self.states = states }

    /// The last readings of all counters.
    public var readings: [String: RateState] { states }

    /// The increase per second since the previous reading of `key`.
    public mutating func rate(_ key: String, _ value: Value, at moment: Moment) -> Verdict {
        replace(key, value, moment) { difference, elapsedNs in
            difference / (Double(elapsedNs) / 1e9)
        }
    }

    /// The increase since the previous reading of `key`.
    public mutating func delta(_ key: String, _ value: Value, at moment: Moment) -> Verdict {
        replace(key, value, moment) { difference, _ in difference }
    }

    /// Takes over a reading whose rate was computed elsewhere.
    public mutating func record(_ change: RateChange) {
        states[change.key] = change.state
        changed[change.key] = change.state
    }

    private mutating func replace(
        _ key: String, _ value: Value, _ moment: Moment, result: (Double, Int64) -> Double
    ) -> Verdict {
        let next = RateState(value: value, moment: moment)
        let previous = states.updateValue(next, forKey: key)
        changed[key] = next
        guard let previous else { return .first }
        let difference = RateTable.difference(value, previous.value)
        if difference < 0 { return .reset }
        let elapsedNs = moment.elapsedNs(since: previous.moment)
        guard elapsedNs > 0 else { return .noElapsedTime }
        return .result(result(difference, elapsedNs))
    }

    /// The readings replaced since the last call.
    public mutating func takeChanges() -> [RateChange] {
        defer { changed.removeAll(keepingCapacity: true) }
        return changed.map { RateChange(key: $0.key, state: $0.value) }
    }

    /// Exact for two integers, whose difference may be small although they are over 2^53.
    private static func difference(_ new: Value, _ old: Value) -> Double {
        if case .integer(let new) = new, case .integer(let old) = old {
            let (exact, overflow) = new.subtractingReportingOverflow(old)
            return overflow ? Double(new) - Double(old) : Double(exact)
        }
        return new.asDouble - old.asDouble
    }
}
