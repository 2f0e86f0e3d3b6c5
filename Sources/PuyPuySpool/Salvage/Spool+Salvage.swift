internal import Glibc
internal import Logging
internal import PuyPuyCore

extension Spool {
    /// Points in one transaction: some ten milliseconds.
    private static let salvagedPoints = 20_000

    /// Takes over what is readable in the file at `path`, a damaged spool or that of another host.
    ///
    /// Batches get new numbers and the time of now, are pending for the backends that they were
    /// pending for, and are history for the others. Each transaction notes what it takes, so that
    /// nothing comes over twice, also after an interruption. What this returned is durable. The file is
    /// only read. Between the transactions runs are committed and acknowledged as always. `progress`
    /// is called often, from 0 to 1, on any thread.
    ///
    /// Throws what ``SpoolRemains/init(path:progress:)`` throws, and when this spool has no room,
    /// cannot commit, or is closed meanwhile: then what came over until then stays.
    public func salvage(
        _ path: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws(SpoolError) -> Salvage {
        guard !isClosed else { throw .closed(options.path) }
        try Salvage.checkDiffers(path, from: options.path)
        let generation = generation
        let remains = try await RemainsReader().read(path) { progress($0 / 4) }
        try checkUnchanged(since: generation)
        let letters = SalvagedLetters(remains, configured: configured.map(\.name))
        var walk = SalvageWalk(
            remains, into: connection, configured: configured.map(\.name))
        try adopt(walk.owed.union(letters.owners), of: remains)
        while let batches = try walk.nextBatches(maxPoints: Self.salvagedPoints) {
            if !batches.isEmpty { try store(batches, &walk) }
            progress(0.25 + walk.progress * 3 / 4)
            await letOthersCommit()
            try checkUnchanged(since: generation)
        }
        try store(letters, &walk.result)
        try storeLosses(&walk)
        try storeRates(of: remains, &walk.result)
        logger.notice(
            "salvaged",
            metadata: [
                "file": "\(path)", "points": "\(walk.result.batches.points)",
                "damaged_batches": "\(walk.result.damaged.number)",
            ])
        announce()
        return walk.result
    }

    /// Throws when the spool was closed, or replaced because it is damaged itself.
    private func checkUnchanged(since generation: Int) throws(SpoolError) {
        guard !isClosed else { throw .closed(options.path) }
        guard generation == self.generation else {
            throw SpoolError(
                operation: "cannot go on salvaging into", subject: options.path,
                cause: "it was found to be damaged itself, and replaced meanwhile",
                hint: "salvage the file again, and then the one that was moved aside")
        }
    }

    /// Makes the backends of `names` known that are not, with empty books and no open range: what was
    /// pending for them waits until they are configured.
    private func adopt(_ names: Set<String>, of remains: SpoolRemains) throws(SpoolError) {
        let unknown = names.filter { backends.index(of: $0) == nil }.sorted()
        guard !unknown.isEmpty else { return }
        var table = backends
        try connection.transaction { () throws(SpoolError) in
            for name in unknown {
                let owner = remains.owners.values.first { $0.name == name }
                try table.add(
                    SpoolBackend(
                        name: name, type: owner?.type ?? "unknown",
                        keepsPoints: owner?.keepsPoints ?? false),
                    nowNs: wallNs(), in: connection)
            }
        }
        backends = table
    }

    private func store(
        _ batches: [SalvageWalk.Batch], _ walk: inout SalvageWalk
    ) throws(SpoolError) {
        try makeRoomFromHistory(forPoints: batches.reduce(0) { $0 + $1.block.count })
        var pending = backends.entries.map(\.pending)
        var next = nextBatch
        var changes = [Ledger](repeating: Ledger(), count: pending.count)
        do {
            try room.limitPages(connection)
            try connection.transaction { () throws(SpoolError) in
                for batch in batches {
                    try insert(batch, of: walk.remains, as: next)
                    let points = Int64(batch.block.count)
                    for (index, entry) in backends.entries.enumerated() {
                        let isOwed = batch.pending.contains(entry.name)
                        if entry.keepsPoints {
                            guard isOwed || walk.keepers.contains(entry.name) else { continue }
                            changes[index].collected += points
                            changes[index].delivered += points
                        } else {
                            pending[index].take(next, isPending: isOwed)
                            guard isOwed else { continue }
                            changes[index].collected += points
                            changes[index].pending += points
                        }
                    }
                    next += 1
                }
                for (index, entry) in backends.entries.enumerated() {
                    try backends.write(pending[index], over: index, in: connection)
                    try LedgerWriter(connection: connection)
                        .add(changes[index], backend: entry.id)
                }
            }
            series.committed()
        } catch {
            series.rolledBack()
            throw error
        }
        nextBatch = next
        for (index, entry) in backends.entries.enumerated() {
            backends.replace(index, pending[index])
            walk.result.add(changes[index], to: entry.name)
        }
        checkpointWhenDue()
    }

    private func insert(
        _ batch: SalvageWalk.Batch, of remains: SpoolRemains, as number: BatchID
    ) throws(SpoolError) {
        var block = PointBlock()
        block.reserveCapacity(batch.block.count)
        for row in 0..<batch.block.count {
            let id = try series.number(
                remains.series[batch.block.seriesIDs[row]]!, usedBy: number, in: connection)
            block.append(
                series: id, timestampNs: batch.block.timestampsNs[row],
                value: batch.block.values[row])
        }
        try insert(block, as: number)
        try SalvagedTable(connection: connection).add(batch.mark)
    }

    private func store(
        _ letters: SalvagedLetters, _ result: inout Salvage
    ) throws(SpoolError) {
        var letters = letters
        let table = SalvagedTable(connection: connection)
        while let some = letters.next(limit: 1_000) {
            try makeRoomFromHistory(forPoints: 16 * some.count)
            var dead: [Int: Int64] = [:]
            do {
                try connection.transaction { () throws(SpoolError) in
                    for letter in some {
                        let mark = SalvagedTable.Mark(letter.stored)
                        if try table.contains(mark) {
                            result.knownLetters += 1
                            continue
                        }
                        guard let series = letter.series,
                            let index = backends.index(of: letter.backend)
                        else {
                            result.lostLetters += 1
                            continue
                        }
                        try bury(letter.stored, series, of: backends.entries[index].id)
                        try table.add(mark)
                        dead[index, default: 0] += 1
                    }
                    for (index, count) in dead {
                        try LedgerWriter(connection: connection).add(
                            Ledger(collected: count, dead: count),
                            backend: backends.entries[index].id)
                    }
                }
                series.committed()
            } catch {
                series.rolledBack()
                throw error
            }
            for (index, count) in dead {
                result.letters += count
                result.add(
                    Ledger(collected: count, dead: count), to: backends.entries[index].name)
            }
        }
    }

    private func bury(
        _ letter: StoredLetter, _ name: Series, of backend: Int64
    ) throws(SpoolError) {
        let id = try series.number(name, usedBy: nextBatch, in: connection)
        try connection.statement(
            """
            INSERT INTO dead_letter (backend, died_ns, series, timestamp_ns, value, reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """
        )
        .bind(1, backend).bind(2, letter.diedNs).bind(3, id).bind(4, letter.timestampNs)
        .bind(5, letter.value).bind(6, letter.reason).run()
    }

    /// Books the points that waited in the file and cannot be read as expired, once.
    private func storeLosses(_ walk: inout SalvageWalk) throws(SpoolError) {
        let table = SalvagedTable(connection: connection)
        for loss in walk.losses {
            walk.result.setLost(loss.points, of: loss.owner.name)
            guard loss.points > 0, let index = backends.index(of: loss.owner.name) else { continue }
            let mark = SalvagedTable.Mark(lossOf: loss.backend, loss.owner)
            if try table.contains(mark) { continue }
            try connection.transaction { () throws(SpoolError) in
                try LedgerWriter(connection: connection).add(
                    Ledger(collected: loss.points, expired: loss.points),
                    backend: backends.entries[index].id)
                try table.add(mark)
            }
        }
    }

    /// The last readings of counters that this spool does not know, as far as they are of this boot
    /// and so of this host: with any other a rate could be computed that never was.
    private func storeRates(
        of remains: SpoolRemains, _ result: inout Salvage
    ) throws(SpoolError) {
        let known = try RateStateTable(connection: connection).all()
        let changes = remains.rates.compactMap { remains.rate(at: $0) }
            .filter { known[$0.key] == nil && $0.state.moment.bootID == bootID() }
        try connection.transaction { () throws(SpoolError) in
            try RateStateTable(connection: connection).write(changes)
        }
        result.counters = Int64(changes.count)
    }
}

extension PendingSet {
    /// Takes in `batch`, the next one to come: into the backlog when it is pending, since it is older
    /// than its number; and not at all otherwise.
    mutating func take(_ batch: BatchID, isPending: Bool) {
        guard isPending else {
            if openFirst <= batch { remove(batch...batch) }
            return
        }
        var backlog = backlog
        if openFirst < batch { backlog.append(openFirst...(batch - 1)) }
        if let last = backlog.last, last.upperBound == batch - 1 {
            backlog[backlog.count - 1] = last.lowerBound...batch
        } else {
            backlog.append(batch...batch)
        }
        self = PendingSet(backlog: backlog, openFirst: openFirst == .max ? .max : batch + 1)
    }
}

/// Reads remains on a thread of its own, so that the spool can commit meanwhile.
private actor RemainsReader {
    private let executor = ThreadExecutor(name: "puypuy-salvage")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func read(
        _ path: String, progress: @Sendable (Double) -> Void
    ) throws(SpoolError) -> sending SpoolRemains {
        try SpoolRemains(path: path, progress: progress)
    }
}
