public import PuyPuyCore

/// What a check measures in one run, on its way to a ``Run``.
///
/// Gauges become points at once. Counters become points through the rate table. Base tags and the
/// tag `type` are added here, in one place.
public struct Sample {
    /// The run's points so far.
    public private(set) var points: [Point] = []
    /// Values that did not become points.
    public private(set) var refusals: [Refusal] = []
    /// Counters that went down.
    public private(set) var counterResets = 0
    /// The rate states as they are after the readings so far.
    public private(set) var rates: RateTable
    /// When the run's values are read: the clock of the rates.
    public let moment: Moment
    /// The timestamp of the run's points, nanoseconds since the epoch.
    public let timestampNs: Int64

    private let check: String
    private let baseTags: Tags
    /// The base tags with the last type: one check's points are of one or two types.
    private var typed: (type: String, tags: Tags)?

    /// An empty sample of `check` (with its instance).
    ///
    /// `rates` holds the previous readings of this check; a script's or module's own state is there
    /// too.
    public init(
        check: String, timestampNs: Int64, moment: Moment, baseTags: Tags, rates: RateTable
    ) {
        self.check = check
        self.timestampNs = timestampNs
        self.moment = moment
        self.baseTags = baseTags
        self.rates = rates
    }

    /// Adds a value as it is. `type` is the check's type, `untyped` when it has none. Without a
    /// timestamp of its own the point has the run's.
    public mutating func gauge(
        _ metric: String, _ value: Value, type: String = "untyped", tags: Tags = .none,
        timestampNs: Int64? = nil
    ) {
        add(series(metric, type: type, tags: tags), value, at: timestampNs)
    }

    /// Adds the increase per second of a counter; nothing on its first reading or after a reset.
    public mutating func rate(
        _ metric: String, _ counter: Value, type: String = "untyped", tags: Tags = .none
    ) {
        let series = series(metric, type: type, tags: tags)
        guard acceptable(counter, of: metric) else { return }
        add(series, verdict: rates.rate(key(series), counter, at: moment))
    }

    /// Adds the increase of a counter since its last reading; nothing on the first or after a reset.
    public mutating func delta(
        _ metric: String, _ counter: Value, type: String = "untyped", tags: Tags = .none
    ) {
        let series = series(metric, type: type, tags: tags)
        guard acceptable(counter, of: metric) else { return }
        add(series, verdict: rates.delta(key(series), counter, at: moment))
    }

    /// The increase per second of a counter that is not itself a metric, or `nil`. `name` tells it
    /// from the check's other counters and stays the same between runs.
    public mutating func ratePerSecond(of name: String, _ counter: Value) -> Double? {
        counted(rates.rate("\(check)/\(name)", counter, at: moment))
    }

    /// The increase of a counter that is not itself a metric, or `nil`.
    public mutating func difference(of name: String, _ counter: Value) -> Double? {
        counted(rates.delta("\(check)/\(name)", counter, at: moment))
    }

    /// Counts values that could not become points.
    public mutating func refuse(_ metric: String, _ reason: RefusalReason, count: Int = 1) {
        refusals.append(Refusal(metric: metric, reason: reason, count: count))
    }

    /// The readings of this check's counters, by the names that the check gave them.
    func ownReadings() -> [String: RateState] {
        rates.readings.reduce(into: [:]) { own, entry in
            guard entry.key.hasPrefix(check + "/") else { return }
            own[String(entry.key.dropFirst(check.count + 1))] = entry.value
        }
    }

    /// Takes over readings of this check's counters whose changes were computed elsewhere, and
    /// counts resets that were seen there.
    mutating func take(readings: [RateChange], counterResets: Int) {
        for change in readings {
            rates.record(RateChange(key: "\(check)/\(change.key)", state: change.state))
        }
        self.counterResets += counterResets
    }

    /// Takes the changed rate states out, for the run.
    mutating func takeRateChanges() -> [RateChange] { rates.takeChanges() }

    private mutating func series(_ metric: String, type: String, tags: Tags) -> Series {
        if let typed, typed.type == type {
            return Series(metric: metric, tags: typed.tags.merging(tags))
        }
        let common = baseTags.merging(["type": type])
        typed = (type, common)
        return Series(metric: metric, tags: common.merging(tags))
    }

    private func key(_ series: Series) -> String { "\(check)/\(series)" }

    private mutating func add(_ series: Series, verdict: RateTable.Verdict) {
        if let result = counted(verdict) { add(series, .double(result)) }
    }

    private mutating func counted(_ verdict: RateTable.Verdict) -> Double? {
        switch verdict {
        case .result(let value): return value
        case .reset:
            counterResets += 1
            return nil
        case .first, .noElapsedTime: return nil
        }
    }

    private mutating func add(_ series: Series, _ value: Value, at ownNs: Int64? = nil) {
        guard acceptable(value, of: series.metric) else { return }
        points.append(Point(series: series, timestampNs: ownNs ?? timestampNs, value: value))
    }

    private mutating func acceptable(_ value: Value, of metric: String) -> Bool {
        if metric.isEmpty {
            refuse(metric, .unnamed)
            return false
        }
        if !value.isFinite {
            refuse(metric, .notFinite)
            return false
        }
        return true
    }
}
