internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySpool

/// What the page shows, read from the spool when somebody looks.
///
/// Each piece of reading is one short transaction, and others are answered between two of them. What a request may read in all has a bound: a longer time is read by several requests.
extension DaemonSource {
    func checks() async throws -> [CheckStatus] {
        let intervals = await scheduler.intervals
        let summaries = try SpoolReader(path: settings.spool.path).checks()
        return CheckStatus.all(intervals: intervals, summaries: summaries, nowNs: Self.nowNs())
    }

    func ledger() throws -> String {
        let reader = try SpoolReader(path: settings.spool.path)
        let backends = try reader.books().map { summary in
            let books = summary.ledger
            return JSONText.object([
                ("backend", JSONText.string(summary.name)), ("collected", "\(books.collected)"),
                ("delivered", "\(books.delivered)"), ("pending", "\(books.pending)"),
                ("dead", "\(books.dead)"), ("expired", "\(books.expired)"),
                ("balances", "\(books.balances)"),
            ])
        }
        let refusals = try reader.refusals().map { refusal in
            JSONText.object([
                ("check", JSONText.string(refusal.check)),
                ("metric", JSONText.string(refusal.metric)),
                ("reason", JSONText.string(refusal.reason)), ("values", "\(refusal.count)"),
            ])
        }
        return JSONText.object([
            ("backends", JSONText.array(backends)), ("refused", JSONText.array(refusals)),
        ])
    }

    func spoolRoom() async throws -> String {
        let trouble = await spool.trouble
        let buffered = await spool.bufferedPoints
        let room = try SpoolReader(path: settings.spool.path).room()
        let options = settings.spool
        return JSONText.object([
            ("path", JSONText.string(options.path)), ("used_bytes", "\(room.usedBytes)"),
            ("max_bytes", "\(options.maxBytes)"), ("file_bytes", "\(room.fileBytes)"),
            ("log_bytes", "\(room.logBytes)"),
            ("free_bytes", JSONText.optional(room.freeBytes)),
            ("min_free_bytes", "\(options.minFreeBytes)"),
            ("oldest_batch_ns", JSONText.optional(room.oldestBatchNs)),
            ("newest_batch_ns", JSONText.optional(room.newestBatchNs)),
            ("retain_seconds", "\(options.retain.components.seconds)"),
            (
                "max_age_seconds",
                JSONText.optional(options.maxAge.map { $0.components.seconds })
            ),
            ("overflow", JSONText.string(options.overflow.rawValue)),
            ("durability", JSONText.string(options.durability.rawValue)),
            ("buffered_points", "\(buffered)"),
            ("max_buffered_points", "\(options.memoryBufferPoints)"),
            ("trouble", JSONText.optional(trouble.map { "\($0)" })),
        ])
    }

    func series(_ search: SeriesSearch) throws -> String {
        var findings = SeriesFindings(search)
        try SpoolReader(path: settings.spool.path).forEachSeries { metric, tags in
            findings.add(metric: metric, tags: tags)
        }
        return findings.json { values.value(of: $0) }
    }

    func points(_ request: PointsRequest) async throws -> String {
        var reading = try PointsReading(
            request, SpoolReader(path: settings.spool.path), bounds: PointsReading.Bounds())
        while try reading.readPiece() {
            // Others who wait for an answer get theirs.
            await Task.yield()
        }
        return reading.answer.json
    }
}
