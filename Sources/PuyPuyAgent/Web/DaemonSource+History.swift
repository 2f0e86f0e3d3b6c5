internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySpool

/// What the page shows, read from the spool when somebody looks.
///
/// Each piece of reading is one short transaction, and others are answered between two of them. What a request may read in all has a bound: a longer time is read by several requests.
extension DaemonSource {
    /// So much is read in one transaction at most.
    private static let batchesPerPiece = 500
    private static let pointsPerPiece = 20_000
    /// So much is read for one request at most.
    private static let batchesPerRequest = 20_000
    private static let pointsPerRequest = 400_000

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
        let reader = try SpoolReader(path: settings.spool.path)
        var answer = try Self.begin(request, reader)
        let wanted = Set(answer.series.map(\.id))
        let first = try reader.firstBatch(withPointsFrom: request.fromNs)
        var last = try request.before.map { $0 - 1 } ?? reader.newestBatch()
        var batches = 0
        var points = 0
        while last >= first && !wanted.isEmpty {
            let piece = try reader.points(
                of: wanted, in: first...last, fromNs: request.fromNs, toNs: request.toNs,
                maxBatches: Self.batchesPerPiece, maxPoints: Self.pointsPerPiece)
            answer.add(piece.block)
            answer.damaged += piece.damaged
            batches += piece.batches
            points += piece.points
            guard let next = piece.next else { break }
            last = next - 1
            if batches >= Self.batchesPerRequest || points >= Self.pointsPerRequest {
                answer.next = next
                break
            }
            // Others who wait for an answer get theirs.
            await Task.yield()
        }
        return answer.json
    }

    private static func begin(
        _ request: PointsRequest, _ reader: SpoolReader
    ) throws -> PointsAnswer {
        if let metric = request.metric {
            let (found, count) = try reader.series(of: metric, limit: PointsRequest.maxSeries)
            var answer = PointsAnswer(request, found)
            answer.leftOut = count - found.count
            if count == 0 { answer.missing = [metric] }
            return answer
        }
        var found: [(id: SeriesID, series: Series)] = []
        var missing: [String] = []
        for key in request.keys {
            if let series = try reader.series(describedBy: key) {
                if !found.contains(where: { $0.id == series.id }) { found.append(series) }
            } else {
                missing.append(key)
            }
        }
        var answer = PointsAnswer(request, found)
        answer.missing = missing
        return answer
    }
}
