public import PuyPuyCore

/// The points of a file that another program kept for its database.
public struct ImportedFile: Sendable {
    /// What the file is known by, wherever it lies: see ``Spool/take(_:pendingFor:)``.
    let mark: SalvagedTable.Mark
    /// Its points.
    let points: [Point]
    /// How many points.
    public var count: Int { points.count }

    /// `points` of a file with this `content`, last changed at `modifiedNs` since the epoch.
    public init(content: [UInt8], modifiedNs: Int64, points: [Point]) {
        mark = SalvagedTable.Mark(ofFile: content, modifiedNs: modifiedNs)
        self.points = points
    }
}

/// What became of files that were taken over.
public struct ImportedPoints: Sendable, Equatable {
    /// Files that came over.
    public var files = 0
    /// Their points.
    public var points: Int64 = 0
    /// Files that had come over before.
    public var knownFiles = 0

    /// Nothing.
    public init() {}
}

extension Spool {
    /// The most points in one transaction: some ten milliseconds.
    private static let importedPoints = 20_000

    /// Takes over `files`, pending for `backend`, which has to be configured; they are history for
    /// the others. A file that came over before does not come over again.
    ///
    /// What this returned is durable. Throws when the spool has no room or cannot commit: then the
    /// files before stay. Points that are not finite must not be among them.
    public func take(
        _ files: [ImportedFile], pendingFor backend: String
    ) throws(SpoolError) -> ImportedPoints {
        guard !isClosed else { throw .closed(options.path) }
        guard let owner = backends.index(of: backend) else {
            throw SpoolError(
                operation: "cannot import for", subject: "backend \(backend)",
                cause: "the spool knows none of this name")
        }
        var result = ImportedPoints()
        var rest = files[...]
        while !rest.isEmpty {
            var count = 0
            let part = rest.prefix { file in
                defer { count += file.points.count }
                return count < Self.importedPoints
            }
            rest = rest.dropFirst(part.count)
            try takePart(part, owner: owner, &result)
        }
        announce()
        return result
    }

    private func takePart(
        _ files: ArraySlice<ImportedFile>, owner: Int, _ result: inout ImportedPoints
    ) throws(SpoolError) {
        let table = SalvagedTable(connection: connection)
        var new: [ImportedFile] = []
        for file in files {
            if try table.contains(file.mark) { result.knownFiles += 1 } else { new.append(file) }
        }
        let points = new.reduce(0) { $0 + $1.points.count }
        try makeRoomFromHistory(forPoints: points)
        var pending = backends.entries.map(\.pending)
        var next = nextBatch
        do {
            try room.limitPages(connection)
            try connection.transaction { () throws(SpoolError) in
                var block = PointBlock()
                for file in new {
                    for point in file.points {
                        let id = try series.number(point.series, usedBy: next, in: connection)
                        block.append(
                            series: id, timestampNs: point.timestampNs, value: point.value)
                        if block.count == Self.pointsPerBatch {
                            try finish(&block, &next, &pending, owner: owner)
                        }
                    }
                    try table.add(file.mark)
                }
                try finish(&block, &next, &pending, owner: owner)
                for index in pending.indices {
                    try backends.write(pending[index], over: index, in: connection)
                }
                let keeps = backends.entries[owner].keepsPoints
                try LedgerWriter(connection: connection).add(
                    Ledger(
                        collected: Int64(points), delivered: keeps ? Int64(points) : 0,
                        pending: keeps ? 0 : Int64(points)), backend: backends.entries[owner].id)
            }
            series.committed()
        } catch {
            series.rolledBack()
            throw error
        }
        nextBatch = next
        for index in pending.indices { backends.replace(index, pending[index]) }
        result.files += new.count
        result.points += Int64(points)
        checkpointWhenDue()
    }
}

extension Spool {
    /// Inserts `block` as the next batch, and empties it.
    private func finish(
        _ block: inout PointBlock, _ next: inout BatchID, _ pending: inout [PendingSet],
        owner: Int
    ) throws(SpoolError) {
        guard block.count > 0 else { return }
        try insert(block, as: next)
        for index in pending.indices where !backends.entries[index].keepsPoints {
            pending[index].take(next, isPending: index == owner)
        }
        next += 1
        block = PointBlock()
    }
}

extension SalvagedTable.Mark {
    /// A file of another program: its length, the time of its last change, and the FNV-1a hash of
    /// its content.
    fileprivate init(ofFile content: [UInt8], modifiedNs: Int64) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in content { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        self.init(
            kind: 4, number: Int64(content.count), timeNs: modifiedNs,
            trait: Int64(bitPattern: hash))
    }
}
