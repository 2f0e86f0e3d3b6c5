internal import Logging
internal import PuyPuyCore

extension Spool {
    /// Batches deleted in one transaction: some milliseconds, so that appends do not wait long.
    static let batchesPerStep: Int64 = 64
    /// Rate state that nobody has read for so long belongs to what is gone.
    static let rateStateAge = Duration.seconds(30 * 24 * 3600)
    /// Pages given back to the file system in one step.
    static let vacuumPages = 512

    /// One step of housekeeping: expires what is too old, deletes confirmed batches past their
    /// retention and unused series, gives free pages back, checkpoints. Call it every some seconds;
    /// returns whether there is more to do at once.
    public func maintain() -> Bool {
        guard !isClosed else { return false }
        let now = wallNs()
        var more = false
        do {
            if let maxAge = options.maxAge {
                more = try expireOldest(before: now - maxAge.nanoseconds) > 0
            }
            let deleted = try deleteConfirmed(before: now - options.retain.nanoseconds)
            more = more || deleted > 0
            if !more { more = try giveBackPages() }
            if !more { try deleteLeftovers(now: now) }
        } catch {
            logger.warning("housekeeping failed", metadata: ["cause": "\(error)"])
            reportDamage(error, generation: generation)
            return false
        }
        checkpointWhenDue()
        return more
    }

    /// Makes room for so many points: confirmed batches go first.
    ///
    /// At the spool's own cap the policy decides what goes next. When others have filled the file
    /// system, points wait in memory for as long as they fit there, since that may pass; only then
    /// does the policy decide. Returns false when the points must not be stored: the policy is to
    /// drop the newest. Throws when they have to wait, and when nothing confirmed is left and nothing
    /// pending is to expire (`mayExpire`).
    func makeRoom(forPoints points: Int, mayExpire: Bool = true) throws(SpoolError) -> Bool {
        let needed = Self.bytes(forPoints: points)
        for _ in 0..<Self.stepsPerCommit {
            guard let shortage = try room.shortage(of: needed, connection) else { return true }
            if try deleteConfirmed(before: .max) == 0 {
                if shortage == .disk && points <= options.memoryBufferPoints {
                    throw roomError("the file system has no more than spool_min_free_mb left")
                }
                if !mayExpire { throw roomError("the spool is at its limit") }
                if options.overflow == .dropNewest { return false }
                if try expireOldest(before: .max) == 0 {
                    throw roomError("the spool is at its limit and holds nothing that can go")
                }
            }
            checkpointWhenDue()
        }
        return true
    }

    /// Makes room for so many points from batches that nobody waits for, and throws when those are not
    /// enough: what is pending stays.
    func makeRoomFromHistory(forPoints points: Int) throws(SpoolError) {
        while try room.shortage(of: Self.bytes(forPoints: points), connection) != nil {
            if try deleteConfirmed(before: .max) == 0 {
                throw roomError("the spool or its file system is at its limit")
            }
            checkpointWhenDue()
        }
    }

    /// 16 bytes is more than a point takes; the rest is for pages of tables and indexes.
    private static func bytes(forPoints points: Int) -> Int64 {
        Int64(points) * 16 + 256 << 10
    }

    /// Steps of making room in one commit. After a cap was lowered by much there is more to do than
    /// appends should wait for; a step frees more than a commit takes, so the next ones get there.
    static let stepsPerCommit = 64

    private func roomError(_ cause: String) -> SpoolError {
        SpoolError(
            .full, operation: "cannot make room in", subject: options.path, cause: cause,
            hint: "free space on the file system, raise spool_max_mb or lower spool_min_free_mb")
    }

    /// Deletes the oldest batches that are pending for no backend and were committed before
    /// `cutoffNs`, some at a time. Returns how many. A batch that seems to come from further in the
    /// future than the retention is long was committed when the clock was wrong, and goes as well.
    private func deleteConfirmed(before cutoffNs: Int64) throws(SpoolError) -> Int {
        for range in confirmedRanges() {
            let statement = try connection.statement(
                """
                SELECT max(id) FROM
                    (SELECT id, committed_ns FROM batch WHERE id BETWEEN ?1 AND ?2
                     ORDER BY id LIMIT ?3)
                WHERE committed_ns < ?4 OR committed_ns > ?5
                """
            )
            .bind(1, range.lowerBound).bind(2, range.upperBound).bind(3, Self.batchesPerStep)
            .bind(4, cutoffNs).bind(5, wallNs() + options.retain.nanoseconds)
            let last = try statement.step() && !statement.isNull(0) ? statement.integer(0) : nil
            statement.reset()
            guard let last else { continue }
            guard range.contains(last) else {
                throw SpoolError(
                    .damaged, operation: "cannot read", subject: options.path,
                    cause: "batches are out of order")
            }
            return try deleteBatches(range.lowerBound...last)
        }
        return 0
    }

    /// Expires the oldest pending batches, some at a time, that were committed before `cutoffNs`,
    /// whoever has not confirmed them. Returns how many. They go as confirmed ones do.
    private func expireOldest(before cutoffNs: Int64) throws(SpoolError) -> Int {
        let statement = try connection.statement(
            """
            SELECT min(id), max(id) FROM
                (SELECT id, committed_ns FROM batch WHERE id >= ?3 ORDER BY id LIMIT ?1)
            WHERE committed_ns < ?2
            """
        )
        .bind(1, Self.batchesPerStep).bind(2, cutoffNs)
        .bind(3, backends.entries.map(\.pending.first).min() ?? .max)
        let found = try statement.step() && !statement.isNull(0)
        let range = found ? statement.integer(0)...statement.integer(1) : 0...0
        statement.reset()
        guard found else { return 0 }
        var pending: [Int: PendingSet] = [:]
        var expired: Int64 = 0
        try connection.transaction { () throws(SpoolError) in
            for (index, entry) in backends.entries.enumerated() {
                var lost: Int64 = 0
                for part in entry.pending.intersection(range) { lost += try points(in: part) }
                var after = entry.pending
                after.remove(range)
                try backends.write(after, over: index, in: connection)
                try LedgerWriter(connection: connection)
                    .add(Ledger(pending: -lost, expired: lost), backend: entry.id)
                pending[index] = after
                expired += lost
            }
        }
        for (index, set) in pending { backends.replace(index, set) }
        if expired > 0 {
            logger.warning(
                "pending points expired: the spool is at a limit",
                metadata: [
                    "points": "\(expired)",
                    "hint": "see spool_max_mb, spool_min_free_mb, spool_max_age_hours",
                ])
        }
        return range.count
    }

    private func deleteBatches(_ range: ClosedRange<BatchID>) throws(SpoolError) -> Int {
        try connection.statement("DELETE FROM batch WHERE id BETWEEN ?1 AND ?2")
            .bind(1, range.lowerBound).bind(2, range.upperBound).run()
        return connection.changes
    }

    /// The ranges of batches that no backend waits for, oldest first.
    private func confirmedRanges() -> [ClosedRange<BatchID>] {
        let pending = backends.entries
            .flatMap { $0.pending.intersection(1...max(1, lastBatch)) }
            .sorted { $0.lowerBound < $1.lowerBound }
        var free: [ClosedRange<BatchID>] = []
        var next: BatchID = 1
        for range in pending {
            if range.lowerBound > next { free.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        if next <= lastBatch { free.append(next...lastBatch) }
        return free
    }

    /// Gives some free pages back, when they are many. Returns whether there are more.
    private func giveBackPages() throws(SpoolError) -> Bool {
        let free = try connection.integer("PRAGMA freelist_count")
        let pages = try connection.integer("PRAGMA page_count")
        // A tenth stays: the next batches need them again.
        guard free > 256, free > pages / 10 else { return false }
        try connection.execute("PRAGMA incremental_vacuum(\(Self.vacuumPages))")
        return true
    }

    private func deleteLeftovers(now: Int64) throws(SpoolError) {
        guard now - lastLeftoversNs > Duration.seconds(600).nanoseconds || now < lastLeftoversNs
        else { return }
        lastLeftoversNs = now
        let oldest = try connection.integer("SELECT coalesce(min(id), 0) FROM batch")
        try connection.transaction { () throws(SpoolError) in
            _ = try series.deleteUnused(
                oldest: oldest == 0 ? nextBatch : oldest, in: connection)
            try RateStateTable(connection: connection)
                .delete(before: now - Self.rateStateAge.nanoseconds)
        }
    }
}
