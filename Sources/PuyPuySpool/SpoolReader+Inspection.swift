public import PuyPuyCore

extension SpoolReader {
    /// What the spool holds, all from one snapshot.
    public func summary() throws(SpoolError) -> SpoolSummary {
        try snapshot { () throws(SpoolError) in
            var summary = SpoolSummary()
            let totals = try connection.statement(
                """
                SELECT count(*), coalesce(sum(points), 0), coalesce(sum(length(payload)), 0),
                    min(first_ns), max(last_ns) FROM batch
                """)
            _ = try totals.step()
            summary.batches = totals.integer(0)
            summary.points = totals.integer(1)
            summary.payloadBytes = totals.integer(2)
            if !totals.isNull(3) { summary.timesNs = totals.integer(3)...totals.integer(4) }
            totals.reset()
            (summary.fileBytes, summary.logBytes) = sizes
            summary.series = try connection.integer("SELECT count(*) FROM series")
            summary.counters = try connection.integer("SELECT count(*) FROM rate_state")
            summary.backends = try BackendSummary.all(in: connection, recounting: true)
            summary.checks = try checks()
            summary.refusals = try refusals()
            return summary
        }
    }

    /// Every backend with its books, and its pending points recounted from the batches.
    public func audit() throws(SpoolError) -> [BackendSummary] {
        try snapshot { () throws(SpoolError) in
            try BackendSummary.all(in: connection, recounting: true)
        }
    }

    /// Every backend with its books and the age of its oldest pending batch: the same work whatever
    /// the backlog. The pending batches are not counted.
    public func books() throws(SpoolError) -> [BackendSummary] {
        try snapshot { () throws(SpoolError) in
            try BackendSummary.all(in: connection, recounting: false)
        }
    }

    /// Bytes of `spool.db` and of its write-ahead log.
    public var sizes: (fileBytes: Int64, logBytes: Int64) {
        SpoolFile.sizes(of: path)
    }

    /// The newest dead letters that `filter` means, at most `limit`, newest first.
    public func deadLetters(
        limit: Int, filter: DeadLetterFilter = DeadLetterFilter()
    ) throws(SpoolError) -> [DeadLetter] {
        let statement = try connection.statement(
            """
            SELECT backend.name, series.metric, series.tags, timestamp_ns, value, reason, died_ns
            FROM dead_letter JOIN backend ON backend.id = backend
                JOIN series ON series.id = series
            WHERE ?1 IS NULL OR backend.name = ?1 ORDER BY dead_letter.id DESC
            """
        )
        .bind(1, filter.backend)
        defer { statement.reset() }
        var letters: [DeadLetter] = []
        while letters.count < limit, try statement.step() {
            guard filter.metric?.matches(statement.text(1)) ?? true else { continue }
            let series = Series(
                metric: statement.text(1), tags: Tags(statement.text(2)) ?? .none)
            letters.append(
                DeadLetter(
                    backend: statement.text(0),
                    point: Point(
                        series: series, timestampNs: statement.integer(3),
                        value: statement.value(4)),
                    reason: statement.text(5), diedNs: statement.integer(6)))
        }
        return letters
    }

    /// The backends that have dead letters, in the order of their numbers.
    public func backendsWithDeadLetters() throws(SpoolError) -> [String] {
        let statement = try connection.statement(
            """
            SELECT name FROM backend
            WHERE EXISTS (SELECT 1 FROM dead_letter WHERE backend = backend.id) ORDER BY id
            """)
        defer { statement.reset() }
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        return names
    }

    /// The number of the newest dead letter; 0 without any.
    public func newestDeadLetter() throws(SpoolError) -> Int64 {
        try connection.integer("SELECT coalesce(max(id), 0) FROM dead_letter")
    }

    /// The rate state of every counter, as it was committed last.
    public func rateStates() throws(SpoolError) -> [String: RateState] {
        try RateStateTable(connection: connection).all()
    }

    private func snapshot<Result>(
        _ body: () throws(SpoolError) -> Result
    ) throws(SpoolError) -> Result {
        try connection.execute("BEGIN")
        defer { try? connection.execute("COMMIT") }
        return try body()
    }

    /// How each check is doing, by name.
    public func checks() throws(SpoolError) -> [CheckSummary] {
        let statement = try connection.statement(
            """
            SELECT name, runs, failures, points, counter_resets, last_started_ns,
                last_duration_ns, last_points, last_problem FROM check_status ORDER BY name
            """)
        defer { statement.reset() }
        var checks: [CheckSummary] = []
        while try statement.step() {
            checks.append(
                CheckSummary(
                    name: statement.text(0), runs: statement.integer(1),
                    failures: statement.integer(2), points: statement.integer(3),
                    counterResets: statement.integer(4), lastStartedNs: statement.integer(5),
                    lastDurationNs: statement.integer(6), lastPoints: statement.integer(7),
                    lastProblem: statement.isNull(8) ? nil : statement.text(8)))
        }
        return checks
    }

    /// Values that never became points, at most 100 kinds of them, the most frequent first.
    public func refusals() throws(SpoolError) -> [RefusalSummary] {
        let statement = try connection.statement(
            """
            SELECT check_name, metric, reason, values_refused FROM refusal
            ORDER BY values_refused DESC LIMIT 100
            """)
        defer { statement.reset() }
        var refusals: [RefusalSummary] = []
        while try statement.step() {
            refusals.append(
                RefusalSummary(
                    check: statement.text(0), metric: statement.text(1),
                    reason: statement.text(2), count: statement.integer(3)))
        }
        return refusals
    }
}
