internal import PuyPuyAgent
internal import PuyPuyCore
internal import PuyPuySpool

/// What a spool holds, as text of 80 columns and more or as JSON.
struct InspectionReport {
    /// The metrics are counted over so many of the newest points: enough for a day of a large host,
    /// and a second's work at most.
    private static let pointsLookedAt = 2_000_000

    /// One metric among the newest points.
    struct Metric {
        var series: Set<SeriesID> = []
        var points = 0
        var lastNs = Int64.min
        var lastValue = Value.integer(0)
    }

    private let summary: SpoolSummary
    private let path: String
    private let maxBytes: Int64
    private let metrics: [(name: String, metric: Metric)]
    private let pointsSeen: Int
    private let points: [Point]?
    private let glob: Glob?

    init(_ reader: SpoolReader, settings: Settings, points: Int?, glob: Glob?) throws {
        summary = try reader.summary()
        path = settings.spool.path
        maxBytes = settings.spool.maxBytes
        self.glob = glob
        self.points = try points.map { try reader.newest($0, glob: glob) }
        var bySeries: [SeriesID: Metric] = [:]
        pointsSeen = try reader.newestPoints(limit: Self.pointsLookedAt) { block in
            for row in 0..<block.count {
                let id = block.seriesIDs[row]
                var metric = bySeries[id] ?? Metric(series: [id])
                metric.points += 1
                if block.timestampsNs[row] > metric.lastNs {
                    metric.lastNs = block.timestampsNs[row]
                    metric.lastValue = block.values[row]
                }
                bySeries[id] = metric
            }
            return true
        }
        var byName: [String: Metric] = [:]
        for (id, found) in bySeries {
            let name = reader.series(id).metric
            guard glob?.matches(name) ?? true else { continue }
            var metric = byName[name] ?? Metric()
            metric.series.insert(id)
            metric.points += found.points
            if found.lastNs > metric.lastNs {
                metric.lastNs = found.lastNs
                metric.lastValue = found.lastValue
            }
            byName[name] = metric
        }
        metrics = byName.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// For people.
    func text(width: Int) -> String {
        if let points { return PointText.table(points, width: width) }
        if glob != nil { return metricsText(width) }
        return [
            head, backendsText(width), checksText(width), metricsText(width), refusalsText(width),
        ].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// For programs.
    var json: String {
        if let points { return JSONText.array(points.map(JSONText.point)) }
        return JSONText.summary(summary, path: path, metrics: metrics)
    }

    private var head: String {
        let perPoint =
            summary.points > 0
            ? ", \(Readable.decimal(Double(summary.payloadBytes) / Double(summary.points), places: 1))"
                + " bytes a point" : ""
        var text =
            "spool \(path): \(Readable.bytes(summary.fileBytes + summary.logBytes)) of at most"
            + " \(Readable.bytes(maxBytes))\n"
            + "\(Readable.count(summary.points)) points in \(Readable.count(summary.batches))"
            + " batches\(perPoint), \(Readable.count(summary.series)) series\n"
        if let times = summary.timesNs {
            text +=
                "from \(Readable.time(ns: times.lowerBound)) to"
                + " \(Readable.time(ns: times.upperBound)) UTC, the newest"
                + " \(Readable.age(ns: times.upperBound)) old\n"
        }
        return text
    }

    private func backendsText(_ width: Int) -> String {
        var table = Table([
            ("backend", .left), ("type", .left), ("delivered", .right), ("pending", .right),
            ("oldest", .right), ("dead", .right), ("expired", .right),
        ])
        for backend in summary.backends {
            table.add([
                backend.isActive ? backend.name : "\(backend.name) (removed)", backend.type,
                Readable.count(backend.ledger.delivered), Readable.count(backend.ledger.pending),
                backend.oldestPendingNs.map(Readable.age) ?? "-",
                Readable.count(backend.ledger.dead), Readable.count(backend.ledger.expired),
            ])
        }
        let forgettable = summary.backends.filter { !$0.isActive && $0.ledger.pending > 0 }
        let hints = forgettable.map {
            "\($0.name) is configured no more and its pending points hold the spool:"
                + " configure it again, or puypuy backend forget \($0.name)\n"
        }
        return table.isEmpty ? "" : table.text(width: width) + hints.joined()
    }

    private func checksText(_ width: Int) -> String {
        var table = Table([
            ("check", .left), ("last run", .right), ("took", .right), ("points", .right),
            ("runs", .right), ("failed", .right), ("last problem", .left),
        ])
        for check in summary.checks {
            table.add([
                check.name, Readable.age(ns: check.lastStartedNs) + " ago",
                Readable.shortTime(ns: check.lastDurationNs), Readable.count(check.lastPoints),
                Readable.count(check.runs), Readable.count(check.failures),
                check.lastProblem ?? "",
            ])
        }
        return table.isEmpty ? "" : table.text(width: width)
    }

    private func metricsText(_ width: Int) -> String {
        var table = Table([
            ("metric", .left), ("series", .right), ("points", .right), ("age", .right),
            ("last value", .right),
        ])
        for (name, metric) in metrics {
            table.add([
                name, Readable.count(Int64(metric.series.count)),
                Readable.count(Int64(metric.points)), Readable.age(ns: metric.lastNs),
                Readable.value(metric.lastValue),
            ])
        }
        if table.isEmpty { return "no points\n" }
        let note =
            Int64(pointsSeen) < summary.points
            ? "(metrics of the newest \(Readable.count(Int64(pointsSeen))) points)\n" : ""
        return table.text(width: width) + note
    }

    private func refusalsText(_ width: Int) -> String {
        var table = Table([
            ("refused by", .left), ("metric", .left), ("reason", .left), ("values", .right),
        ])
        for refusal in summary.refusals {
            table.add([
                refusal.check, refusal.metric, refusal.reason, Readable.count(refusal.count),
            ])
        }
        return table.isEmpty ? "" : table.text(width: width)
    }
}
