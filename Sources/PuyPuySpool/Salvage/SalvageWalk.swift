internal import PuyPuyCore

/// Goes through what is left of a file and says, batch by batch, what can be taken and for whom it is
/// pending. Writes nothing: a dry run is a walk.
struct SalvageWalk {
    /// A batch to take: its points, of which each has a series.
    struct Batch {
        let mark: SalvagedTable.Mark
        let block: PointBlock
        /// The names of the backends that it is pending for.
        let pending: Set<String>
    }

    /// A backend that a batch may be pending for.
    private struct Waiting {
        var name: String
        /// `nil` for all batches.
        var ranges: [ClosedRange<BatchID>]?
        var next = 0

        /// Whether batch `number` is pending; the numbers only grow from one question to the next.
        mutating func includes(_ number: BatchID) -> Bool {
            guard let ranges else { return true }
            while next < ranges.count, ranges[next].upperBound < number { next += 1 }
            return next < ranges.count && ranges[next].lowerBound <= number
        }
    }

    let remains: SpoolRemains
    private let table: SalvagedTable?
    /// What was found so far. What the spool makes of it, its owner adds.
    var result = Salvage()
    /// Backends that kept every batch, since the spool itself is their destination.
    let keepers: Set<String>
    /// The points of each backend's pending batches that can be read, whether they are taken now or
    /// have come over before.
    private(set) var readable: [String: Int64] = [:]
    private var missingSeries: Set<SeriesID> = []
    private var waiting: [Waiting] = []
    private var next = 0

    /// A walk through `remains` for a spool in which `connection` reads, `nil` when there is none yet.
    /// `configured` are the backends that get what waited for a backend whose name is lost.
    init(_ remains: SpoolRemains, into connection: Connection?, configured: [String]) {
        self.remains = remains
        table = connection.map { SalvagedTable(connection: $0) }
        let owners = remains.owners.values
        keepers = Set(owners.filter(\.keepsPoints).map(\.name))
        for (id, owner) in remains.owners.sorted(by: { $0.key < $1.key }) where !owner.keepsPoints {
            waiting.append(Waiting(name: owner.name, ranges: remains.pendingRanges(of: id)))
        }
        if let ranges = remains.rangesOfUnnamed {
            result.namesAreLost = true
            for name in configured where !owners.contains(where: { $0.name == name }) {
                waiting.append(Waiting(name: name, ranges: ranges.isEmpty ? nil : ranges))
            }
        }
        for name in Set(waiting.map(\.name) + keepers).sorted() {
            let all = waiting.contains { $0.name == name && $0.ranges == nil }
            result.backends.append(Salvage.Backend(name, assumesAll: all))
        }
    }

    /// The names of the backends that something is pending for.
    var owed: Set<String> { Set(waiting.filter { $0.ranges?.isEmpty != true }.map(\.name)) }

    /// The part of the batches that was looked at, from 0 to 1.
    var progress: Double {
        remains.batches.isEmpty ? 1 : Double(next) / Double(remains.batches.count)
    }

    /// The next batches to take, with some `maxPoints` points in all; `nil` at the end.
    mutating func nextBatches(maxPoints: Int) throws(SpoolError) -> [Batch]? {
        guard next < remains.batches.count else { return nil }
        var batches: [Batch] = []
        var points = 0
        // A bound also on what is looked at, so that the caller can tell how far it is.
        let end = min(remains.batches.count, next + 1_024)
        while next < end, points < maxPoints {
            let number = remains.batches[next].number
            var after = next
            while after < remains.batches.count, remains.batches[after].number == number {
                after += 1
            }
            if let batch = try take(remains.batches[next..<after]) {
                points += batch.block.count
                batches.append(batch)
            }
            next = after
        }
        return batches
    }

    /// The batch of which `copies` are found, one if all is well.
    private mutating func take(
        _ copies: ArraySlice<SpoolRemains.FoundBatch>
    ) throws(SpoolError) -> Batch? {
        var lost: Salvage.LostBatch?
        for copy in copies {
            guard let stored = remains.batch(at: copy.place) else { continue }
            switch stored.decoded() {
            case .failure(let damage):
                lost = Salvage.LostBatch(
                    batch: stored.number, points: stored.points, reason: "\(damage)")
            case .success(let block):
                return try take(stored, block)
            }
        }
        if let lost { result.add(lost) }
        return nil
    }

    private mutating func take(
        _ stored: StoredBatch, _ block: PointBlock
    ) throws(SpoolError) -> Batch? {
        let isKnown = try table?.contains(stored) ?? false
        var rows: [Int] = []
        rows.reserveCapacity(block.count)
        for row in 0..<block.count where remains.series[block.seriesIDs[row]] != nil {
            rows.append(row)
        }
        let pending = names(waitingFor: stored.number)
        for name in pending { readable[name, default: 0] += Int64(rows.count) }
        guard !isKnown else {
            result.known.add(Int64(block.count))
            return nil
        }
        if rows.count < block.count {
            result.pointsWithoutSeries += Int64(block.count - rows.count)
            for id in Set(block.seriesIDs) where remains.series[id] == nil {
                missingSeries.insert(id)
            }
            result.missingSeries = Int64(missingSeries.count)
            if rows.isEmpty { return nil }
        }
        result.batches.add(Int64(rows.count))
        return Batch(
            mark: SalvagedTable.Mark(stored),
            block: rows.count == block.count ? block : block.selecting(rows), pending: pending)
    }

    private mutating func names(waitingFor number: BatchID) -> Set<String> {
        var names: Set<String> = []
        for index in waiting.indices where waiting[index].includes(number) {
            names.insert(waiting[index].name)
        }
        return names
    }

    /// By the books of the file, the points that waited for each backend and cannot be read. Known
    /// once the walk is at its end, for backends whose books and pending ranges are there.
    var losses: [(backend: Int64, owner: SpoolRemains.Owner, points: Int64)] {
        remains.owners.sorted { $0.key < $1.key }.compactMap { id, owner in
            guard !owner.keepsPoints, let books = owner.books,
                remains.pendingRanges(of: id) != nil
            else { return nil }
            return (id, owner, max(0, books.pending - readable[owner.name, default: 0]))
        }
    }
}
