internal import Glibc
internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// PuyPuy's own health: what every backend is owed, the spool's size, requests, how late
/// checks start, and what the process itself costs. Duration and success of each run of a check are the scheduler's.
struct OwnHealthCheck: Check {
    static let description = CheckDescription(
        name: "puypuy", section: nil,
        summary: "PuyPuy itself: pending points, spool size, requests, own CPU and memory",
        make: { _ in OwnHealthCheck(spoolPath: "", parts: Parts()) })

    /// The parts of a daemon that the check looks at; none in a process that is no daemon.
    struct Parts: Sendable {
        var senders = SenderRoster()
        var starts: RunStarts?
        var spool: Spool?
    }

    private static let type = "puypuy"

    /// The spool to look into.
    let spoolPath: String
    /// What else is there to look at.
    let parts: Parts

    func collect(into sample: inout Sample) async throws {
        collectProcess(into: &sample)
        if let starts = parts.starts {
            sample.gauge(
                "puypuy_check_late_max_seconds", .double(starts.takeLargest() / .seconds(1)),
                type: Self.type)
            sample.rate("puypuy_late_runs_rate", .integer(starts.late), type: Self.type)
        }
        for board in parts.senders.boards { collect(board.takeSlowest(), into: &sample) }
        if let spool = parts.spool {
            try collect(await spool.state(), into: &sample)
        } else {
            let reader = try SpoolReader(path: spoolPath)
            collect(sizes: reader.sizes, try reader.books(), into: &sample)
        }
    }

    private func collect(_ state: SpoolState, into sample: inout Sample) throws(SpoolError) {
        // Also when no commit succeeds: /metrics has them at once, and backends have them later.
        sample.gauge(
            "puypuy_spool_committing", .integer(state.trouble == nil ? 1 : 0), type: Self.type)
        sample.gauge(
            "puypuy_buffered_points", .integer(Int64(state.bufferedPoints)), type: Self.type)
        collect(
            sizes: (state.fileBytes, state.logBytes), try state.books.get(), into: &sample)
    }

    private func collect(
        sizes: (fileBytes: Int64, logBytes: Int64), _ books: [BackendSummary],
        into sample: inout Sample
    ) {
        sample.gauge("puypuy_spool_bytes", .integer(sizes.fileBytes), type: Self.type)
        sample.gauge("puypuy_spool_log_bytes", .integer(sizes.logBytes), type: Self.type)
        for backend in books { collect(backend, into: &sample) }
    }

    private func collect(_ backend: BackendSummary, into sample: inout Sample) {
        let tags: Tags = ["backend": backend.name]
        let books = backend.ledger
        sample.gauge("puypuy_pending_points", .integer(books.pending), type: Self.type, tags: tags)
        let ageNs = backend.oldestPendingNs.map { max(0, sample.moment.wallNs - $0) } ?? 0
        sample.gauge(
            "puypuy_oldest_pending_seconds", .double(Double(ageNs / 1_000_000) / 1_000),
            type: Self.type, tags: tags)
        sample.gauge("puypuy_dead_points", .integer(books.dead), type: Self.type, tags: tags)
        sample.gauge("puypuy_expired_points", .integer(books.expired), type: Self.type, tags: tags)
        sample.rate(
            "puypuy_collected_points_rate", .integer(books.collected), type: Self.type, tags: tags)
        sample.rate(
            "puypuy_delivered_points_rate", .integer(books.delivered), type: Self.type, tags: tags)
    }

    private func collect(_ status: SenderStatus, into sample: inout Sample) {
        let tags: Tags = ["backend": status.backend]
        let flows = status.condition.reason == nil
        sample.gauge(
            "puypuy_backend_accepting", .integer(flows ? 1 : 0), type: Self.type, tags: tags)
        sample.rate(
            "puypuy_requests_rate", .integer(Int64(status.requests)), type: Self.type, tags: tags)
        sample.rate(
            "puypuy_failed_requests_rate", .integer(Int64(status.failedRequests)), type: Self.type,
            tags: tags)
        // Every request's time of the interval over their number; slowest of the interval.
        let key = "requests of \(status.backend)"
        let requests = sample.difference(
            of: key, .integer(Int64(status.requests)))
        let seconds = sample.difference(
            of: "\(key), seconds", .double(status.requestTime / .seconds(1)))
        guard let requests, let seconds, requests > 0 else { return }
        sample.gauge(
            "puypuy_request_seconds", .double(seconds / requests), type: Self.type, tags: tags)
        sample.gauge(
            "puypuy_request_max_seconds", .double(status.slowestRequest / .seconds(1)),
            type: Self.type, tags: tags)
    }

    /// getrusage(2) for the time, proc_pid_status(5) for the memory.
    private func collectProcess(into sample: inout Sample) {
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            let seconds =
                Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
            if let perSecond = sample.ratePerSecond(of: "own CPU", .double(seconds)) {
                sample.gauge("puypuy_cpu_percent", .double(perSecond * 100), type: Self.type)
            }
        }
        guard let status = try? SettingsFolder.read("/proc/self/status") else { return }
        let text = String(decoding: status.bytes, as: UTF8.self)
        for (key, metric) in [
            ("VmRSS:", "puypuy_resident_bytes"), ("RssAnon:", "puypuy_anonymous_bytes"),
        ] {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
            guard let kib = line?.split(whereSeparator: \.isWhitespace).dropFirst().first,
                let value = Int64(kib)
            else { continue }
            sample.gauge(metric, .integer(value * 1024), type: Self.type)
        }
    }
}
