public import PuyPuyCore
public import PuyPuySpool
internal import Synchronization

/// The retained points of a time, delivered or not, oldest first: the source of a replay.
///
/// Nothing is written to the spool, so a replay runs beside the daemon and books nothing; backends
/// overwrite a point with itself.
public final class HistorySource: UnitSource {
    /// Which points to send again.
    public struct Selection: Sendable, Hashable {
        /// The first timestamp, nanoseconds since the epoch.
        public var fromNs: Int64
        /// The last timestamp.
        public var toNs: Int64
        /// The metrics' names; `nil` for all.
        public var metric: Glob?

        /// The points from `fromNs` to `toNs`, both included, of the metrics that match.
        public init(fromNs: Int64, toNs: Int64, metric: Glob? = nil) {
            self.fromNs = fromNs
            self.toNs = toNs
            self.metric = metric
        }
    }

    /// How far a replay has come; may be read at any time.
    public final class Progress: Sendable {
        private let state = Mutex(State())

        /// Points and times so far.
        public struct State: Sendable {
            /// Points of the batches that were gone through, selected or not.
            public var pointsSeen: Int64 = 0
            /// Points that the backend confirmed.
            public var delivered: Int64 = 0
            /// Points that the backend refused, and the words of the first.
            public var refused: Int64 = 0
            /// The first refusal.
            public var firstRefusal: String?
            /// Batches that could not be read.
            public var damagedBatches = 0
            /// The largest timestamp that is confirmed, nanoseconds since the epoch.
            public var confirmedUpToNs: Int64?
        }

        /// No progress yet.
        public init() {}

        /// The progress now.
        public var current: State { state.withLock { $0 } }

        func update(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
    }

    private let reader: SpoolReader
    private let selection: Selection
    private let progress: Progress
    private var cursor: BatchID = 0
    private var isAtEnd = false
    /// How many points were read of the units in hand, by their last batch.
    private var seen: [BatchID: Int64] = [:]
    private var metrics: [SeriesID: Bool] = [:]

    /// The points of `selection` in the spool at `path`.
    public init(path: String, selection: Selection, progress: Progress) throws {
        reader = try SpoolReader(path: path)
        self.selection = selection
        self.progress = progress
    }

    /// The spool's series.
    public var catalog: any SeriesCatalog { reader }

    /// The path of the spool's file.
    public var path: String { reader.path }

    /// A replay reads one file to its end.
    public var generation: Int { 0 }

    /// Whether there may be more.
    public nonisolated(nonsending) func pending() async throws -> Delivery.Pending {
        Delivery.Pending(fresh: false, backlog: !isAtEnd)
    }

    /// The next batches, without the points that are not selected.
    public nonisolated(nonsending) func load(
        _ pick: Delivery.Pick, maxPoints: Int
    ) async throws -> LoadedUnit? {
        if let unit = try read(after: cursor, maxPoints: maxPoints) { return unit }
        isAtEnd = true
        return LoadedUnit(batches: cursor...cursor)
    }

    /// As ``pending()``: behind a unit there may be another.
    public func pending(beside unit: LoadedUnit) -> Delivery.Pending {
        Delivery.Pending(fresh: false, backlog: !isAtEnd)
    }

    /// The batches behind those of `unit`.
    public func load(
        _ pick: Delivery.Pick, maxPoints: Int, after unit: LoadedUnit
    ) throws -> LoadedUnit? {
        try read(after: unit.batches.upperBound, maxPoints: maxPoints)
    }

    private func read(after batch: BatchID, maxPoints: Int) throws -> LoadedUnit? {
        let unit = try reader.history(
            after: batch, fromNs: selection.fromNs, toNs: selection.toNs, maxPoints: maxPoints)
        guard var unit else { return nil }
        seen[unit.batches.upperBound] = Int64(unit.block.count)
        let rows = (0..<unit.block.count).filter { isSelected(unit.block, row: $0) }
        unit.ends = [(unit.batches.upperBound, rows.count)]
        unit.block = unit.block.selecting(rows)
        return unit
    }

    /// Goes on behind the unit.
    public nonisolated(nonsending) func settle(
        _ unit: LoadedUnit, dead: [Acknowledgement.DeadPoint]
    ) async throws {
        cursor = unit.batches.upperBound
        let seen = seen.removeValue(forKey: cursor) ?? 0
        progress.update { state in
            state.pointsSeen += seen
            state.delivered += Int64(unit.block.count - dead.count)
            state.refused += Int64(dead.count)
            if let first = dead.first, state.firstRefusal == nil {
                state.firstRefusal = "\(reader.series(first.series)): \(first.reason)"
            }
            state.damagedBatches += unit.damaged.count
            if let last = unit.block.timestampsNs.max() {
                state.confirmedUpToNs = max(state.confirmedUpToNs ?? .min, last)
            }
        }
    }

    /// Nothing is recorded that could be lost.
    public nonisolated(nonsending) func conclude() async throws {}

    private func isSelected(_ block: PointBlock, row: Int) -> Bool {
        let timestampNs = block.timestampsNs[row]
        guard timestampNs >= selection.fromNs, timestampNs <= selection.toNs else { return false }
        guard let glob = selection.metric else { return true }
        let id = block.seriesIDs[row]
        if let known = metrics[id] { return known }
        let matches = glob.matches(reader.series(id).metric)
        metrics[id] = matches
        return matches
    }
}
