/// What a backend did with the points that it was handed.
public struct Attempt: Sendable, Equatable {
    /// What became of the points that went into the request, by their positions in what was handed
    /// over.
    public let outcome: Outcome
    /// The positions that went, ascending; `nil` when all did. The others were not looked at and
    /// are handed over again. Never empty.
    public let rows: [Int]?

    /// An attempt with `rows` of the points, or with all.
    public init(_ outcome: Outcome, rows: [Int]? = nil) {
        self.outcome = outcome
        self.rows = rows
    }

    /// An attempt with the first `count` of `total` points.
    public init(_ outcome: Outcome, first count: Int, of total: Int) {
        self.init(outcome, rows: count == total ? nil : Array(0..<count))
    }
}
