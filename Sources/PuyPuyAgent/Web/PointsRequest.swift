internal import PuyPuyCore

/// Which points a chart asks for: `/api/v1/points?metric=cpu_load&from=-3600&step=30`.
struct PointsRequest: Sendable, Hashable {
    static let names = ["metric", "series", "from", "to", "step", "before"]
    /// The most series in an answer.
    static let maxSeries = 16
    /// The most buckets of a series, and how many there are without a `step`.
    static let maxBuckets: Int64 = 2_000
    static let defaultBuckets: Int64 = 300
    /// Times lie within so many seconds of 1970 or of now: 126 years, so that the nanoseconds between
    /// any two of them fit.
    private static let seconds = -4.0e9...4.0e9

    /// All series of this metric, or else ``keys``.
    let metric: String?
    /// Series, as ``PuyPuyCore/Series/description`` has them.
    let keys: [String]
    /// The first bucket begins here, a multiple of ``stepNs``.
    let fromNs: Int64
    /// The last time that is meant.
    let toNs: Int64
    let stepNs: Int64
    /// Batches from this one on were read before.
    let before: Int64?

    /// What a request asks for at `nowNs`.
    init(_ query: WebQuery, nowNs: Int64) throws(WebParameterError) {
        metric = try query.one("metric")
        keys = query.all("series")
        switch (metric, keys.isEmpty) {
        case (nil, true), ("", _):
            throw WebParameterError(
                parameter: "metric", message: "missing; give a metric, or series=KEY once or more")
        case (.some, false):
            throw WebParameterError(
                parameter: "series", message: "give either metric or series, not both")
        default: break
        }
        guard keys.count <= Self.maxSeries else {
            throw WebParameterError(
                parameter: "series",
                message: "it is there \(keys.count) times; at most"
                    + " \(Self.maxSeries) series are answered")
        }
        let now = Double(nowNs) / 1e9
        let to = Self.absolute(try query.seconds("to", in: Self.seconds) ?? now, now)
        let from = Self.absolute(try query.seconds("from", in: Self.seconds) ?? to - 3_600, now)
        guard from < to else {
            throw WebParameterError(parameter: "from", message: "it is not before to")
        }
        let step =
            try query.seconds("step", in: 0.1...1e9)
            ?? max(1, ((to - from) / Double(Self.defaultBuckets)).rounded(.up))
        stepNs = Int64(step * 1e9)
        toNs = Int64(to * 1e9)
        let start = Int64(from * 1e9)
        let beyond = start % stepNs
        fromNs = start - (beyond < 0 ? beyond + stepNs : beyond)
        before = try query.integer("before", in: 1...Int64.max)
        guard count <= Self.maxBuckets else {
            throw WebParameterError(
                parameter: "step",
                message: "\(count) buckets are more than \(Self.maxBuckets); make it longer")
        }
    }

    /// How many buckets a series has.
    var count: Int64 { (toNs - fromNs) / stepNs + 1 }

    /// Numbers up to 0 count from now.
    private static func absolute(_ seconds: Double, _ now: Double) -> Double {
        seconds <= 0 ? now + seconds : seconds
    }
}

/// The points of some series in buckets, as an answer.
struct PointsAnswer {
    let request: PointsRequest
    /// The series, each with its buckets.
    var series: [(id: SeriesID, series: Series, buckets: PointBuckets)]
    /// Series that were asked for and are not there.
    var missing: [String] = []
    /// Series of the metric beyond the most that are answered.
    var leftOut = 0
    var damaged = 0
    /// Where the next request has to go on; `nil` when all was read.
    var next: BatchID?

    /// An answer without points.
    init(_ request: PointsRequest, _ found: [(id: SeriesID, series: Series)]) {
        self.request = request
        series = found.map { id, series in
            let buckets = PointBuckets(
                fromNs: request.fromNs, stepNs: request.stepNs, count: Int(request.count))
            return (id, series, buckets)
        }
    }

    mutating func add(_ block: PointBlock) {
        for index in series.indices { series[index].buckets.add(block, of: series[index].id) }
    }

    var json: String {
        JSONText.object([
            ("from_ns", "\(request.fromNs)"), ("to_ns", "\(request.toNs)"),
            ("step_ns", "\(request.stepNs)"), ("next", JSONText.optional(next)),
            ("damaged_batches", "\(damaged)"), ("series_left_out", "\(leftOut)"),
            ("missing", JSONText.array(missing.map(JSONText.string))),
            (
                "series",
                JSONText.array(
                    series.map { _, series, buckets in
                        JSONText.object([
                            ("key", JSONText.string("\(series)")),
                            ("metric", JSONText.string(series.metric)),
                            ("tags", series.tags.json), ("buckets", Self.json(buckets)),
                        ])
                    })
            ),
        ])
    }

    /// `[[number, count, min, max, mean], …]`, those without points left out.
    private static func json(_ buckets: PointBuckets) -> String {
        JSONText.array(
            buckets.filled.map { number, bucket in
                "[\(number),\(bucket.count),\(text(bucket.min)),\(text(bucket.max)),"
                    + "\(text(bucket.mean))]"
            })
    }

    /// Without the `.0` of whole numbers, which most are.
    private static func text(_ number: Double) -> String {
        if let whole = Int64(exactly: number), whole.magnitude < 1 << 53 { return "\(whole)" }
        return "\(number)"
    }
}
