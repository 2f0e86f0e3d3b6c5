internal import Logging
internal import PuyPuyCore

extension Spool {
    /// The most points in a batch: what a sender can load at once.
    static let pointsPerBatch = 10_000
    /// From so many frames of 4 KiB on, the write-ahead log is moved into the file.
    static let checkpointFrames: Int32 = 1_000
    /// From so many on, the spool waits for readers to let it do so: the log stays under 64 MB.
    static let forcedCheckpointFrames: Int32 = 8_192

    /// The pause after one that a reader did not let through.
    static let forcedCheckpointPause = Duration.seconds(60)
    /// The pause after one that failed: the next may have to write everything anew.
    static let failedCheckpointPause = Duration.seconds(10)

    /// Why a commit failed, for those who wait for it.
    struct CommitFailure {
        var runs: SpoolError?
        var acknowledgements: SpoolError?
    }

    /// Commits what is buffered and `runs` with `acknowledgements`. When that fails, the
    /// acknowledgements are tried alone, since they make room, and the runs wait in memory.
    func commit(runs: [Run], _ acknowledgements: [Acknowledgement]) -> CommitFailure {
        var failure = CommitFailure()
        do {
            try commitTogether(buffer.runs + runs, acknowledgements)
            if !buffer.runs.isEmpty || trouble != nil { commitsWorkAgain() }
            buffer.clear()
        } catch {
            failure.runs = error
            noteTrouble(error)
            for run in runs {
                buffer.add(run, limit: options.memoryBufferPoints, overflow: options.overflow)
            }
            if !acknowledgements.isEmpty {
                // From its beginning the log is written over; where it grows there may be no room.
                if error.kind == .full { _ = try? connection.checkpoint(.passive) }
                do {
                    try commitOnce([], acknowledgements, storing: true)
                } catch {
                    failure.acknowledgements = error
                }
            }
        }
        checkpointWhenDue()
        return failure
    }

    private func commitTogether(
        _ runs: [Run], _ acknowledgements: [Acknowledgement]
    ) throws(SpoolError) {
        let points = runs.reduce(0) { $0 + $1.points.count }
        if connection.isClosed { try openAnew() }
        do {
            let storing = points == 0 ? true : try makeRoom(forPoints: points)
            try commitOnce(runs, acknowledgements, storing: storing)
        } catch  where error.kind == .damaged {
            try startAnew(after: error)
            // The batches of the acknowledgements are in the damaged file.
            try commitOnce(runs, [], storing: true)
        }
    }

    private func noteTrouble(_ error: SpoolError) {
        if trouble?.cause != error.cause {
            logger.error(
                "the spool cannot commit; points wait in memory",
                metadata: [
                    "cause": "\(error)", "limit_points": "\(options.memoryBufferPoints)",
                ])
        }
        trouble = error
    }

    private func commitsWorkAgain() {
        logger.notice(
            "the spool commits again", metadata: ["points_from_memory": "\(buffer.points)"])
        trouble = nil
    }

    /// Begins a new spool when `damage` is damage of the file of `generation`, as after a commit that
    /// meets it. For readers that met it twice, with connections of their own: what the writer has in
    /// memory may hide it.
    public func reportDamage(_ damage: SpoolError, generation: Int) {
        guard damage.kind == .damaged, generation == self.generation, !isClosed else { return }
        do {
            try startAnew(after: damage)
        } catch {
            logger.error("a damaged spool cannot be replaced", metadata: ["cause": "\(error)"])
        }
    }

    /// Moves a file that turned out to be damaged aside, and begins a new one. When either fails, the
    /// next commit tries again.
    private func startAnew(after error: SpoolError) throws(SpoolError) {
        connection.close()
        try SpoolFile.moveAside(options.path, after: error, logger: logger, nowNs: wallNs())
        try openAnew()
    }

    private func openAnew() throws(SpoolError) {
        connection = try SpoolFile.open(options, logger: logger, nowNs: wallNs())
        do {
            generation += 1
            series = SeriesTable()
            // Of a damaged file that could not be moved aside there are some.
            backends = try BackendTable(connection)
            // Numbers go on, so that an acknowledgement for the old file cannot touch the new one.
            nextBatch = max(nextBatch, try SpoolFile.nextBatch(connection))
            try configure(configured)
        } catch {
            // Points committed now would be collected for no backend: the next commit begins here.
            connection.close()
            throw error
        }
    }

    /// One transaction. When `storing` is false, the points are booked as expired instead of stored.
    private func commitOnce(
        _ runs: [Run], _ acknowledgements: [Acknowledgement], storing: Bool
    ) throws(SpoolError) {
        var pending: [Int: PendingSet] = [:]
        var next = nextBatch
        do {
            try room.limitPages(connection)
            try connection.transaction { () throws(SpoolError) in
                for acknowledgement in acknowledgements {
                    guard let index = backends.index(of: acknowledgement.backend) else { continue }
                    let before = pending[index] ?? backends.entries[index].pending
                    pending[index] = try settle(acknowledgement, entry: index, before)
                }
                for (index, set) in pending {
                    try backends.write(set, over: index, in: connection)
                }
                try write(runs, storing: storing, next: &next)
            }
            series.committed()
        } catch {
            series.rolledBack()
            throw error
        }
        nextBatch = next
        for (index, set) in pending { backends.replace(index, set) }
    }

    private func write(
        _ runs: [Run], storing: Bool, next: inout BatchID
    ) throws(SpoolError) {
        let checks = CheckTable(connection: connection)
        let rates = RateStateTable(connection: connection)
        var points = 0
        var block = PointBlock()
        block.reserveCapacity(
            min(Self.pointsPerBatch, runs.reduce(0) { $0 + $1.points.count }))
        for run in runs {
            var refusals: [Refusal] = []
            var numbers = series.begin(run.check)
            for point in run.points {
                guard point.value.isFinite else {
                    refusals.append(Refusal(metric: point.series.metric, reason: .notFinite))
                    continue
                }
                let id = try series.number(
                    point.series, in: &numbers, usedBy: next, in: connection)
                block.append(series: id, timestampNs: point.timestampNs, value: point.value)
                if block.count == Self.pointsPerBatch {
                    points += block.count
                    if storing {
                        try insert(block, as: next)
                        next += 1
                    }
                    block.removeAll()
                }
            }
            series.end(numbers, of: run.check)
            try rates.write(run.rateChanges)
            try checks.record(run, refusals: run.refusals + refusals)
        }
        points += block.count
        if block.count > 0 && storing {
            try insert(block, as: next)
            next += 1
        }
        if points > 0 { try book(points, storing: storing) }
    }

    /// Books points that were collected for every backend, and stored unless `storing` is false.
    private func book(_ points: Int, storing: Bool) throws(SpoolError) {
        let ledger = LedgerWriter(connection: connection)
        for entry in backends.entries where entry.isActive {
            var change = Ledger(collected: Int64(points))
            if !storing {
                change.expired = Int64(points)
            } else if entry.keepsPoints {
                change.delivered = Int64(points)
            } else {
                change.pending = Int64(points)
            }
            try ledger.add(change, backend: entry.id)
        }
    }

    /// Writes a batch, within a transaction of the caller, who books its points.
    func insert(_ block: PointBlock, as number: BatchID) throws(SpoolError) {
        try connection.statement(
            """
            INSERT INTO batch (id, committed_ns, first_ns, last_ns, points, codec, payload)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """
        )
        .bind(1, number).bind(2, wallNs())
        .bind(3, block.timestampsNs.min() ?? 0).bind(4, block.timestampsNs.max() ?? 0)
        .bind(5, Int64(block.count)).bind(6, Int64(BatchCodec.version))
        .bind(7, BatchCodec.encode(block)).run()
    }

    /// Moves the write-ahead log into the file when it has grown enough.
    func checkpointWhenDue() {
        guard connection.walFrames >= Self.checkpointFrames,
            !isPaused(since: checkpointFailedNs, for: Self.failedCheckpointPause)
        else { return }
        do {
            let left = try connection.checkpoint(.passive)
            guard left > 0, connection.walFrames >= Self.forcedCheckpointFrames,
                !isPaused(since: checkpointDelayedNs, for: Self.forcedCheckpointPause)
            else { return }
            let rest = try connection.checkpoint(.truncate)
            SpoolFile.reserveLog(options.path)
            if rest > 0 {
                // Somebody else's reader holds an old snapshot: commits do not wait for it each time.
                checkpointDelayedNs = wallNs()
                logger.warning(
                    "a reader keeps the write-ahead log from shrinking",
                    metadata: ["hint": "end what reads the spool for long"])
            }
        } catch {
            checkpointFailedNs = wallNs()
            logger.warning("the write-ahead log cannot be moved", metadata: ["cause": "\(error)"])
        }
    }

    /// Whether a pause that began at `sinceNs` is not over. A clock that was set back ends it.
    private func isPaused(since sinceNs: Int64?, for pause: Duration) -> Bool {
        guard let sinceNs else { return false }
        return (0..<pause.nanoseconds).contains(wallNs() - sinceNs)
    }
}
