internal import Logging
public import PuyPuyCore

/// Which dead letters are meant.
public struct DeadLetterFilter: Sendable, Hashable {
    /// The backend's name; `nil` for all.
    public var backend: String?
    /// The metrics' names; `nil` for all.
    public var metric: Glob?

    /// The letters of `backend` whose metric matches.
    public init(backend: String? = nil, metric: Glob? = nil) {
        self.backend = backend
        self.metric = metric
    }
}

/// Some of the dead letters of one backend: those that are settled in one transaction.
public struct DeadLetterPart: Sendable, Hashable {
    /// The backend's name.
    public var backend: String
    /// The metrics' names; `nil` for all.
    public var metric: Glob?
    /// The letters up to this number are done.
    public var after: Int64
    /// The last number that is meant. What is refused later is not, so that a backend which goes on
    /// refusing comes to an end.
    public var last: Int64

    /// The letters of `backend` behind `after`, up to `last`, whose metric matches.
    public init(backend: String, metric: Glob? = nil, after: Int64 = 0, last: Int64 = .max) {
        self.backend = backend
        self.metric = metric
        self.after = after
        self.last = last
    }
}

/// What became of a ``DeadLetterPart``.
public struct DeadLetterProgress: Sendable, Hashable {
    /// The letters that were settled.
    public var letters: Int64
    /// Where the next part begins; `nil` when none is left.
    public var after: Int64?

    /// So many letters, and where to go on.
    public init(letters: Int64, after: Int64?) {
        self.letters = letters
        self.after = after
    }
}

extension Spool {
    /// Makes dead letters pending again, for the backend that refused them and no other: at most
    /// 10,000, in one transaction. Durable when it returns.
    ///
    /// The points become a batch of their own, which is pending for that backend alone, and move in
    /// its books from dead to pending. Throws for a backend that is unknown, or to which nothing is
    /// sent any more, and when the spool has no room for them; then they are dead as before.
    public func retryDeadLetters(_ part: DeadLetterPart) throws(SpoolError) -> DeadLetterProgress {
        let target = try backend(of: part, "retry")
        guard backends.entries[target].pending.openFirst != .max else {
            throw refusal(
                "retry", part, "nothing is sent to it any more",
                "configure it again, or discard the letters")
        }
        let (letters, after) = try letters(part, entry: target)
        guard !letters.isEmpty else { return DeadLetterProgress(letters: 0, after: after) }
        _ = try makeRoom(forPoints: letters.count, mayExpire: false)
        try revive(letters, entry: target)
        checkpointWhenDue()
        logger.notice(
            "dead letters are pending again",
            metadata: ["backend": "\(part.backend)", "points": "\(letters.count)"])
        announce()
        return DeadLetterProgress(letters: Int64(letters.count), after: after)
    }

    /// Deletes dead letters, at most 10,000, in one transaction. Their points stay in the books as
    /// dead. Durable when it returns. Throws for a backend that is unknown.
    public func discardDeadLetters(
        _ part: DeadLetterPart
    ) throws(SpoolError) -> DeadLetterProgress {
        let (letters, after) = try letters(part, entry: try backend(of: part, "discard"))
        guard !letters.isEmpty else { return DeadLetterProgress(letters: 0, after: after) }
        try connection.transaction { () throws(SpoolError) in try delete(letters) }
        checkpointWhenDue()
        logger.notice(
            "dead letters are discarded",
            metadata: ["backend": "\(part.backend)", "points": "\(letters.count)"])
        return DeadLetterProgress(letters: Int64(letters.count), after: after)
    }

    private struct Letter {
        let id: Int64
        let series: SeriesID
        let timestampNs: Int64
        let value: Value
    }

    private func refusal(
        _ operation: String, _ part: DeadLetterPart, _ cause: String, _ hint: String
    ) -> SpoolError {
        SpoolError(
            operation: "cannot \(operation) dead letters of", subject: "backend \(part.backend)",
            cause: cause, hint: hint)
    }

    private func backend(
        of part: DeadLetterPart, _ operation: String
    ) throws(SpoolError) -> Int {
        guard !isClosed else { throw .closed(options.path) }
        guard let index = backends.index(of: part.backend) else {
            let known = backends.entries.map(\.name).joined(separator: ", ")
            throw refusal(
                operation, part, "the spool knows none of this name", "it knows \(known)")
        }
        return index
    }

    /// The letters of `part`, enough for a batch at most, and where the next part begins.
    private func letters(
        _ part: DeadLetterPart, entry index: Int
    ) throws(SpoolError) -> ([Letter], after: Int64?) {
        let statement = try connection.statement(
            """
            SELECT dead_letter.id, series, timestamp_ns, value, metric
            FROM dead_letter JOIN series ON series.id = series
            WHERE backend = ?1 AND dead_letter.id > ?2 AND dead_letter.id <= ?3
            ORDER BY dead_letter.id
            """
        )
        .bind(1, backends.entries[index].id).bind(2, part.after).bind(3, part.last)
        defer { statement.reset() }
        var letters: [Letter] = []
        while try statement.step() {
            let id = statement.integer(0)
            guard part.metric?.matches(statement.text(4)) ?? true else { continue }
            letters.append(
                Letter(
                    id: id, series: statement.integer(1), timestampNs: statement.integer(2),
                    value: statement.value(3)))
            if letters.count == Self.pointsPerBatch { return (letters, id) }
        }
        return (letters, nil)
    }

    /// Makes `letters` a batch that is pending for entry `target` alone.
    private func revive(_ letters: [Letter], entry target: Int) throws(SpoolError) {
        let batch = nextBatch
        var pending: [Int: PendingSet] = [:]
        for (index, entry) in backends.entries.enumerated()
        where index != target && entry.pending.openFirst != .max {
            var others = entry.pending
            others.remove(batch...batch)
            pending[index] = others
        }
        try room.limitPages(connection)
        try connection.transaction { () throws(SpoolError) in
            try insert(
                PointBlock(
                    seriesIDs: letters.map(\.series), timestampsNs: letters.map(\.timestampNs),
                    values: letters.map(\.value)), as: batch)
            for series in Set(letters.map(\.series)) {
                try connection.statement(
                    "UPDATE series SET last_batch = max(last_batch, ?2) WHERE id = ?1"
                )
                .bind(1, series).bind(2, batch).run()
            }
            try delete(letters)
            for (index, set) in pending { try backends.write(set, over: index, in: connection) }
            let points = Int64(letters.count)
            try LedgerWriter(connection: connection)
                .add(Ledger(pending: points, dead: -points), backend: backends.entries[target].id)
        }
        nextBatch = batch + 1
        for (index, set) in pending { backends.replace(index, set) }
    }

    private func delete(_ letters: [Letter]) throws(SpoolError) {
        for letter in letters {
            try connection.statement("DELETE FROM dead_letter WHERE id = ?1")
                .bind(1, letter.id).run()
        }
    }
}
