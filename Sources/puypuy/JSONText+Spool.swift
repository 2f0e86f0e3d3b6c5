internal import PuyPuyCore
internal import PuyPuySpool

/// JSON of what commands print for programs. Times are nanoseconds since the epoch.
extension JSONText {
    /// A point: metric, tags, time, value.
    static func point(_ point: Point) -> String {
        object([
            ("metric", string(point.series.metric)),
            ("tags", object(point.series.tags.pairs.map { ($0.key, string($0.value)) })),
            ("time_ns", "\(point.timestampNs)"), ("value", "\(point.value)"),
        ])
    }

    /// A dead letter: backend, point, reason, when it was refused.
    static func deadLetter(_ letter: DeadLetter) -> String {
        object([
            ("backend", string(letter.backend)), ("point", point(letter.point)),
            ("reason", string(letter.reason)), ("died_ns", "\(letter.diedNs)"),
        ])
    }

    /// A backend with its books.
    static func backend(_ backend: BackendSummary) -> String {
        object([
            ("name", string(backend.name)), ("type", string(backend.type)),
            ("active", "\(backend.isActive)"), ("collected", "\(backend.ledger.collected)"),
            ("delivered", "\(backend.ledger.delivered)"), ("pending", "\(backend.ledger.pending)"),
            ("dead", "\(backend.ledger.dead)"), ("expired", "\(backend.ledger.expired)"),
            ("pending_batches", "\(backend.pendingBatches)"),
            ("pending_recounted", "\(backend.pendingRecounted)"),
            ("oldest_pending_ns", optional(backend.oldestPendingNs)),
            ("balances", "\(backend.balances)"),
        ])
    }

    /// Everything that `spool inspect` knows.
    static func summary(
        _ summary: SpoolSummary, path: String,
        metrics: [(name: String, metric: InspectionReport.Metric)]
    ) -> String {
        object([
            ("path", string(path)), ("file_bytes", "\(summary.fileBytes)"),
            ("log_bytes", "\(summary.logBytes)"), ("payload_bytes", "\(summary.payloadBytes)"),
            ("points", "\(summary.points)"), ("batches", "\(summary.batches)"),
            ("series", "\(summary.series)"), ("counters", "\(summary.counters)"),
            ("first_ns", optional(summary.timesNs?.lowerBound)),
            ("last_ns", optional(summary.timesNs?.upperBound)),
            ("backends", array(summary.backends.map(backend))),
            ("checks", array(summary.checks.map(check))),
            ("metrics", array(metrics.map { metric($0.name, $0.metric) })),
            ("refusals", array(summary.refusals.map(refusal))),
        ])
    }

    private static func check(_ check: CheckSummary) -> String {
        object([
            ("name", string(check.name)), ("runs", "\(check.runs)"),
            ("failures", "\(check.failures)"), ("points", "\(check.points)"),
            ("counter_resets", "\(check.counterResets)"),
            ("last_started_ns", "\(check.lastStartedNs)"),
            ("last_duration_ns", "\(check.lastDurationNs)"),
            ("last_points", "\(check.lastPoints)"),
            ("last_problem", optional(check.lastProblem)),
        ])
    }

    private static func metric(_ name: String, _ metric: InspectionReport.Metric) -> String {
        object([
            ("name", string(name)), ("series", "\(metric.series.count)"),
            ("points", "\(metric.points)"), ("last_ns", "\(metric.lastNs)"),
            ("last_value", "\(metric.lastValue)"),
        ])
    }

    private static func refusal(_ refusal: RefusalSummary) -> String {
        object([
            ("check", string(refusal.check)), ("metric", string(refusal.metric)),
            ("reason", string(refusal.reason)), ("values", "\(refusal.count)"),
        ])
    }
}
