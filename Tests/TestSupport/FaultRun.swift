public import PuyPuyCore

/// A run whose points say whose they are, so that a loss, a doubling or an invention shows.
///
/// Each writer counts its runs from 1. The number is the value of all points of the run, the value of
/// the writer's rate state, and the second of the timestamps; how many points there are follows from
/// writer and number alone.
public struct FaultRun: Sendable, Hashable {
    /// Who made it, from 0.
    public let writer: Int
    /// Its number, from 1.
    public let sequence: Int

    /// Run `sequence` of `writer`.
    public init(writer: Int, sequence: Int) {
        self.writer = writer
        self.sequence = sequence
    }

    /// The backends that the fault writer drains.
    public static let backends = ["alpha", "beta"]
    /// The metric of all points.
    public static let metric = "fault_run"
    /// The key of the writer's rate state.
    public var rateKey: String { "writer-\(writer)" }
    /// The name of the writer's check.
    public var check: String { "writer-\(writer)" }

    /// How many points it has: mostly some, now and then enough for pages of their own.
    public var pointCount: Int {
        var random = SeededGenerator(seed: UInt64(writer) << 32 | UInt64(sequence))
        let draw = random.next()
        return draw % 29 == 0 ? 1_500 : 1 + Int((draw >> 8) % 40)
    }

    /// When it was, nanoseconds since the epoch: the first of its points. After 2099, so that no reading
    /// seems to be of what has long gone.
    public var startedNs: Int64 { (4_100_000_000 + Int64(sequence)) * 1_000_000_000 }

    /// What is handed to the spool.
    public var run: Run {
        let series = Series(metric: FaultRun.metric, tags: ["writer": "\(writer)"])
        let points = (0..<pointCount).map { index in
            Point(
                series: series, timestampNs: startedNs + Int64(index),
                value: .integer(Int64(sequence)))
        }
        return Run(
            check: check, startedNs: startedNs, points: points,
            rateChanges: [
                RateChange(
                    key: rateKey,
                    state: RateState(
                        value: .integer(Int64(sequence)),
                        moment: Moment(wallNs: startedNs, bootNs: startedNs, bootID: "fault")))
            ])
    }

    /// The run that `point` is of, and its index in it; `nil` when no run has such a point.
    public static func origin(of point: Point) -> (run: FaultRun, index: Int)? {
        guard point.series.metric == metric, case .integer(let sequence) = point.value,
            let text = point.series.tags["writer"],
            let writer = Int(text), sequence > 0
        else { return nil }
        let run = FaultRun(writer: writer, sequence: Int(sequence))
        let index = Int(point.timestampNs - run.startedNs)
        return index >= 0 && index < run.pointCount ? (run, index) : nil
    }
}
