/// The time that a query has. It passes while the query works, and not while somebody reads its rows.
final class QueryTime {
    private var left: Duration
    private var deadline: ContinuousClock.Instant

    /// So much time, of which none has passed.
    init(_ left: Duration) {
        self.left = left
        deadline = .now + left
    }

    /// Whether all of it has passed.
    var isOver: Bool { ContinuousClock.now >= deadline }

    /// Lets time pass while `body` works.
    func whileRunning<Result>(
        _ body: () throws(SpoolError) -> Result
    ) throws(SpoolError) -> Result {
        deadline = .now + left
        defer { left = deadline - .now }
        return try body()
    }
}
