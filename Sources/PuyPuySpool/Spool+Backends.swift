internal import Logging
public import PuyPuyCore

/// A backend's pending set, and in which file: see ``Spool/generation``.
public struct PendingState: Sendable, Hashable {
    /// The batches that the backend has not confirmed.
    public let set: PendingSet
    /// Grows whenever a new file replaces a damaged one: readers open it anew.
    public let generation: Int
    /// The last committed batch.
    public let lastBatch: BatchID
}

extension Spool {
    /// Makes `wanted` the destinations from now on. Durable when it returns.
    ///
    /// A new one starts with the next batch, or with its backfill from the retained ones. For one
    /// that is not in the list any more nothing further is collected; what is pending for it stays
    /// until it returns.
    public func configure(_ wanted: [SpoolBackend]) throws(SpoolError) {
        let before = backends
        do {
            try connection.transaction { () throws(SpoolError) in
                for backend in wanted {
                    if backends.index(of: backend.name) == nil {
                        try backends.add(backend, nowNs: wallNs(), in: connection)
                        try open(backend, firstBatch: firstBatch(backfill: backend.backfill))
                    } else {
                        try adopt(backend)
                    }
                }
                let names = Set(wanted.map(\.name))
                for entry in backends.entries where !names.contains(entry.name) {
                    try close(entry.name)
                }
            }
        } catch {
            backends = before
            throw error
        }
        // What was written above is read back, so that memory cannot differ from the tables.
        backends = try BackendTable(connection)
        for backend in wanted {
            if let index = backends.index(of: backend.name) { backends.activate(index) }
        }
        configured = wanted
    }

    /// Forgets a backend that is configured no more: its pending set, its dead letters and its books.
    /// What was pending for it alone no longer holds the spool. Returns the books as they were;
    /// durable when it returns. Throws for a backend that is configured, or unknown.
    public func forget(_ name: String) throws(SpoolError) -> Ledger {
        func refusal(_ cause: String, _ hint: String) -> SpoolError {
            SpoolError(
                operation: "cannot forget", subject: "backend \(name)", cause: cause, hint: hint)
        }
        guard !isClosed else { throw .closed(options.path) }
        guard let index = backends.index(of: name) else {
            let known = backends.entries.map(\.name).joined(separator: ", ")
            throw refusal("the spool knows none of this name", "it knows \(known)")
        }
        guard !configured.contains(where: { $0.name == name }) else {
            throw refusal(
                "it is configured", "remove its section from the configuration first, and restart")
        }
        let books = try LedgerWriter(connection: connection).books(backends.entries[index].id)
        try connection.transaction { () throws(SpoolError) in
            try backends.remove(index, in: connection)
        }
        backends.removed(index)
        logger.notice(
            "a backend is forgotten",
            metadata: [
                "backend": "\(name)", "points_pending": "\(books.pending)",
                "dead_letters": "\(books.dead)",
            ])
        return books
    }

    /// What `backend` has not confirmed, now.
    public func pendingState(of backend: String) -> PendingState {
        PendingState(
            set: pendingSet(of: backend), generation: generation, lastBatch: lastBatch)
    }

    /// Settles the parts of `acknowledgement` that are still pending: books and dead letters.
    /// Returns the pending set without them. Runs in the transaction of a commit.
    func settle(
        _ acknowledgement: Acknowledgement, entry index: Int, _ before: PendingSet
    ) throws(SpoolError) -> PendingSet {
        let entry = backends.entries[index]
        var settled: Int64 = 0
        for part in before.intersection(acknowledgement.batches) {
            settled += try points(in: part)
        }
        var damaged: Int64 = 0
        for batch in acknowledgement.damaged where before.contains(batch) {
            damaged += try points(in: batch...batch)
        }
        let dead = acknowledgement.dead.filter { before.contains($0.batch) }
        for point in dead { try bury(point, of: entry.id) }
        try LedgerWriter(connection: connection).add(
            Ledger(
                delivered: settled - damaged - Int64(dead.count), pending: -settled,
                dead: Int64(dead.count), expired: damaged), backend: entry.id)
        var after = before
        after.remove(acknowledgement.batches)
        return after
    }

    /// The sum of the points of the batches in `range`.
    func points(in range: ClosedRange<BatchID>) throws(SpoolError) -> Int64 {
        let statement = try connection.statement(
            "SELECT coalesce(sum(points), 0) FROM batch WHERE id BETWEEN ?1 AND ?2"
        )
        .bind(1, range.lowerBound).bind(2, range.upperBound)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    private func bury(
        _ point: Acknowledgement.DeadPoint, of backend: Int64
    ) throws(SpoolError) {
        try connection.statement(
            """
            INSERT INTO dead_letter (backend, died_ns, series, timestamp_ns, value, reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """
        )
        .bind(1, backend).bind(2, wallNs()).bind(3, point.series).bind(4, point.timestampNs)
        .bind(5, point.value).bind(6, point.reason).run()
    }

    /// Brings a known backend in line with the configuration.
    private func adopt(_ backend: SpoolBackend) throws(SpoolError) {
        guard let index = backends.index(of: backend.name) else { return }
        let entry = backends.entries[index]
        try connection.statement("UPDATE backend SET type = ?2, keeps_points = ?3 WHERE id = ?1")
            .bind(1, entry.id).bind(2, backend.type).bind(3, backend.keepsPoints ? 1 : 0).run()
        if entry.type != backend.type {
            logger.notice(
                "a backend has another type now",
                metadata: [
                    "backend": "\(backend.name)", "was": "\(entry.type)", "is": "\(backend.type)",
                ])
        }
        if backend.keepsPoints {
            // What was pending is in the spool, which is now the destination.
            for part in entry.pending.intersection(1...max(1, lastBatch)) {
                let kept = try points(in: part)
                try LedgerWriter(connection: connection)
                    .add(Ledger(delivered: kept, pending: -kept), backend: entry.id)
            }
            try backends.write(.closed, over: index, in: connection)
        } else if entry.pending.openFirst == .max {
            try open(backend, firstBatch: nextBatch)
        }
    }

    /// Opens the pending set of a backend at `firstBatch`, and books what it is owed from before.
    private func open(_ backend: SpoolBackend, firstBatch: BatchID) throws(SpoolError) {
        guard !backend.keepsPoints, let index = backends.index(of: backend.name) else { return }
        let entry = backends.entries[index]
        let opened = PendingSet(backlog: entry.pending.backlog, openFirst: firstBatch)
        try backends.write(opened, over: index, in: connection)
        guard firstBatch <= lastBatch else { return }
        let owed = try points(in: firstBatch...lastBatch)
        try LedgerWriter(connection: connection)
            .add(Ledger(collected: owed, pending: owed), backend: entry.id)
    }

    /// Ends the open range of a backend that is configured no more at the last batch.
    private func close(_ name: String) throws(SpoolError) {
        guard let index = backends.index(of: name),
            backends.entries[index].pending.openFirst != .max
        else { return }
        let pending = backends.entries[index].pending
        let kept = pending.openFirst <= lastBatch ? [pending.openFirst...lastBatch] : []
        try backends.write(
            PendingSet(backlog: pending.backlog + kept, openFirst: .max), over: index,
            in: connection)
        logger.notice(
            "a backend is configured no more; what is pending for it stays in the spool",
            metadata: [
                "backend": "\(name)",
                "hint": "configure it again to deliver that, or run: puypuy backend forget \(name)",
            ])
    }

    private func firstBatch(backfill: Duration?) throws(SpoolError) -> BatchID {
        guard let backfill else { return nextBatch }
        let statement = try connection.statement(
            "SELECT min(id) FROM batch WHERE last_ns >= ?1"
        )
        .bind(1, wallNs() - backfill.nanoseconds)
        defer { statement.reset() }
        return try statement.step() && !statement.isNull(0) ? statement.integer(0) : nextBatch
    }
}
