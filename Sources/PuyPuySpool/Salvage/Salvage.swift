internal import Glibc
public import PuyPuyCore

/// What came over from another file, and what did not. Lists are cut at ``listed`` entries; the
/// numbers beside them count all.
public struct Salvage: Sendable {
    /// The most entries of each list.
    public static let listed = 100

    /// Batches or dead letters, and points.
    public struct Count: Sendable, Hashable {
        /// How many there are.
        public var number: Int64 = 0
        /// Their points.
        public var points: Int64 = 0

        mutating func add(_ points: Int64) {
            number += 1
            self.points += points
        }
    }

    /// A batch of which nothing came over.
    public struct LostBatch: Sendable {
        /// Its number in the file.
        public var batch: BatchID
        /// Its points, as its row says.
        public var points: Int64
        /// Why.
        public var reason: String

        /// A batch with so many points, and why it is lost.
        public init(batch: BatchID, points: Int64, reason: String) {
            self.batch = batch
            self.points = points
            self.reason = reason
        }
    }

    /// What became of one backend's points.
    public struct Backend: Sendable {
        /// Its name.
        public var name: String
        /// Points that wait for it in the spool now.
        public var pending: Int64 = 0
        /// Points that came over as delivered, since the spool itself is the destination.
        public var kept: Int64 = 0
        /// Its dead letters that came over.
        public var dead: Int64 = 0
        /// Points that waited for it and are lost, by the books of the file; booked as expired. `nil`
        /// when the books are lost.
        public var lost: Int64?
        /// Whether the pending ranges are lost, so that all batches were taken for pending.
        public var assumesAll = false

        /// A backend of which nothing came over yet.
        public init(_ name: String, assumesAll: Bool = false) {
            self.name = name
            self.assumesAll = assumesAll
        }
    }

    /// Batches that came over.
    public var batches = Count()
    /// Batches that had come over before, or that the spool wrote itself.
    public var known = Count()
    /// Batches whose row is there and whose bytes are damaged; see ``lostBatches``.
    public var damaged = Count()
    /// The first of them.
    public var lostBatches: [LostBatch] = []
    /// Points of batches that came over, whose series is lost.
    public var pointsWithoutSeries: Int64 = 0
    /// How many series these points name.
    public var missingSeries: Int64 = 0
    /// Dead letters that came over.
    public var letters: Int64 = 0
    /// Dead letters that had come over before.
    public var knownLetters: Int64 = 0
    /// Dead letters whose series or backend is lost.
    public var lostLetters: Int64 = 0
    /// Counters whose last reading came over.
    public var counters: Int64 = 0
    /// By backend.
    public var backends: [Backend] = []
    /// Whether names of backends are lost: then what waited for any of them waits for all that are
    /// configured.
    public var namesAreLost = false

    /// Whether nothing is known to be lost.
    public var isComplete: Bool {
        damaged.number == 0 && pointsWithoutSeries == 0 && lostLetters == 0
            && backends.allSatisfy { $0.lost ?? 0 == 0 }
    }

    /// Nothing.
    public init() {}

    mutating func add(_ lost: LostBatch) {
        damaged.add(lost.points)
        if lostBatches.count < Self.listed { lostBatches.append(lost) }
    }

    mutating func add(_ change: Ledger, to backend: String) {
        guard change != Ledger(), let index = index(of: backend) else { return }
        backends[index].pending += change.pending
        backends[index].kept += change.delivered
        backends[index].dead += change.dead
    }

    mutating func setLost(_ points: Int64, of backend: String) {
        if let index = index(of: backend) { backends[index].lost = points }
    }

    private mutating func index(of backend: String) -> Int? {
        if let index = backends.firstIndex(where: { $0.name == backend }) { return index }
        backends.append(Backend(backend))
        return backends.count - 1
    }
}

extension Salvage {
    /// What would come over from the file at `path` into the spool at `target`, if there is one, with
    /// the backends of `configured`. Nothing is written. Throws what
    /// ``SpoolRemains/init(path:progress:)`` throws.
    public static func survey(
        _ path: String, for target: String, configured: [SpoolBackend],
        progress: (Double) -> Void = { _ in }
    ) throws(SpoolError) -> Salvage {
        try checkDiffers(path, from: target)
        let remains = try SpoolRemains(path: path) { progress($0 / 4) }
        let reader = fileSizeBytes(target) > 0 ? try SpoolReader(path: target) : nil
        let names = configured.map(\.name)
        var walk = SalvageWalk(remains, into: reader?.connection, configured: names)
        let keepers = configured.filter(\.keepsPoints).map(\.name)
        while let batches = try walk.nextBatches(maxPoints: 20_000) {
            for batch in batches {
                let points = Int64(batch.block.count)
                for name in batch.pending.union(walk.keepers.intersection(keepers)) {
                    walk.result.add(
                        keepers.contains(name)
                            ? Ledger(collected: points, delivered: points)
                            : Ledger(collected: points, pending: points), to: name)
                }
            }
            progress(0.25 + walk.progress * 3 / 4)
        }
        var letters = SalvagedLetters(remains, configured: names)
        while let some = letters.next(limit: 1_000) {
            for letter in some {
                let mark = SalvagedTable.Mark(letter.stored)
                if let reader, try SalvagedTable(connection: reader.connection).contains(mark) {
                    walk.result.knownLetters += 1
                } else if letter.series == nil {
                    walk.result.lostLetters += 1
                } else {
                    walk.result.letters += 1
                    walk.result.add(Ledger(collected: 1, dead: 1), to: letter.backend)
                }
            }
        }
        for loss in walk.losses { walk.result.setLost(loss.points, of: loss.owner.name) }
        return walk.result
    }

    /// Throws what ``SpoolRemains/init(path:progress:)`` throws before it looks at any row, and when
    /// the file is the spool at `target` itself.
    public static func check(_ path: String, for target: String) throws(SpoolError) {
        try checkDiffers(path, from: target)
        try SpoolRemains.check(try PageFile(path: path))
    }

    /// Throws when `path` is the spool itself.
    static func checkDiffers(_ path: String, from spool: String) throws(SpoolError) {
        var (first, second) = (stat(), stat())
        guard stat(path, &first) == 0, stat(spool, &second) == 0,
            first.st_dev == second.st_dev, first.st_ino == second.st_ino
        else { return }
        throw SpoolError(
            operation: "cannot salvage", subject: path, cause: "it is the current spool itself",
            hint: "name the file that was moved aside, such as \(spool).damaged-1763900000")
    }
}
