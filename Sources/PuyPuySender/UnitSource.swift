public import PuyPuyCore
public import PuyPuySpool

/// Where a sender's units come from and where their end is recorded: the pending set in the daemon,
/// the history in a replay. Belongs to its sender's thread.
public protocol UnitSource: AnyObject {
    /// The series of the points.
    var catalog: any SeriesCatalog { get }

    /// The path of the spool's file.
    var path: String { get }

    /// Grows when series numbers begin to mean something else: what was kept under them is void.
    var generation: Int { get }

    /// What is left to deliver.
    nonisolated(nonsending) func pending() async throws -> Delivery.Pending

    /// The next unit; `nil` when there is none. An empty unit only has to be settled.
    nonisolated(nonsending) func load(
        _ pick: Delivery.Pick, maxPoints: Int
    ) async throws -> LoadedUnit?

    /// What is left to deliver beside `unit`, which is being delivered, as far as that is known.
    func pending(beside unit: LoadedUnit) -> Delivery.Pending

    /// The unit that is next when `unit` is delivered; `nil` when there is none.
    func load(_ pick: Delivery.Pick, maxPoints: Int, after unit: LoadedUnit) throws -> LoadedUnit?

    /// The oldest unit beside `unit`, for somebody else to deliver meanwhile; `nil` when there is none, or
    /// one is lent already. It is not loaded again before it is settled, or ``takeBack()`` is called.
    func lend(maxPoints: Int, beside unit: LoadedUnit) throws -> LoadedUnit?

    /// What was lent was not delivered.
    func takeBack()

    /// Every point of `unit` is confirmed, but for those that are dead. That is durable when the next
    /// one is settled, or ``conclude()`` returns.
    nonisolated(nonsending) func settle(
        _ unit: LoadedUnit, dead: [Acknowledgement.DeadPoint]
    ) async throws

    /// Returns when all that was settled is durable. What cannot be recorded is kept, to be tried again.
    nonisolated(nonsending) func conclude() async throws
}

extension UnitSource {
    /// Nothing is lent.
    public func lend(maxPoints: Int, beside unit: LoadedUnit) throws -> LoadedUnit? { nil }

    /// Nothing was lent.
    public func takeBack() {}
}

/// The pending batches of one backend.
public final class PendingSource: UnitSource {
    private let backend: String
    private let spool: Spool
    /// The path of the spool's file.
    public let path: String
    private var reader: SpoolReader
    /// The spool's file.
    public private(set) var generation = 0
    private var state: PendingState?
    /// What is being taken out of the pending set, while the next unit is delivered.
    private var settling: (acknowledgement: Acknowledgement, end: Task<PendingState, any Error>)?
    /// What somebody else delivers.
    private var lent: ClosedRange<BatchID>?

    /// The pending batches of `backend` in `spool`, whose file is at `path`.
    public init(backend: String, spool: Spool, path: String) throws {
        self.backend = backend
        self.spool = spool
        self.path = path
        reader = try SpoolReader(path: path)
    }

    /// The spool's series.
    public var catalog: any SeriesCatalog { reader }

    /// Asks the spool, unless it is busy with the last acknowledgement and more is known to be pending.
    public nonisolated(nonsending) func pending() async throws -> Delivery.Pending {
        if settling == nil {
            state = await spool.pendingState(of: backend)
        } else if pending(beside: nil) == Delivery.Pending(fresh: false, backlog: false) {
            try await conclude()
        }
        if let state, state.generation != generation {
            reader = try SpoolReader(path: path)
            generation = state.generation
            lent = nil
        }
        return pending(beside: nil)
    }

    /// By the pending set that the spool told last.
    public func pending(beside unit: LoadedUnit) -> Delivery.Pending {
        pending(beside: unit.batches)
    }

    private func pending(beside batches: ClosedRange<BatchID>?) -> Delivery.Pending {
        guard let state else { return Delivery.Pending(fresh: false, backlog: false) }
        let left = left(of: state, beside: batches)
        return Delivery.Pending(
            fresh: left.openFirst <= state.lastBatch, backlog: !left.backlog.isEmpty)
    }

    /// What is pending beside `batches`, those that are being settled and those that are lent.
    private func left(
        of state: PendingState, beside batches: ClosedRange<BatchID>? = nil
    ) -> PendingSet {
        var set = state.set
        if let settling { set.remove(settling.acknowledgement.batches) }
        if let lent { set.remove(lent) }
        if let batches { set.remove(batches) }
        return set
    }

    /// Reads batches; the read transaction is over when this returns. Damage that a second look
    /// confirms is reported to the spool, which then begins a new file.
    public nonisolated(nonsending) func load(
        _ pick: Delivery.Pick, maxPoints: Int
    ) async throws -> LoadedUnit? {
        guard let state else { return nil }
        do throws(SpoolError) {
            return try read(pick, of: left(of: state), maxPoints: maxPoints)
        } catch  where error.kind == .damaged {
            do throws(SpoolError) {
                reader = try SpoolReader(path: path)
                return try read(pick, of: left(of: state), maxPoints: maxPoints)
            } catch {
                await spool.reportDamage(error, generation: state.generation)
                throw error
            }
        }
    }

    /// Reads batches that ``load(_:maxPoints:)`` would read later.
    public func load(
        _ pick: Delivery.Pick, maxPoints: Int, after unit: LoadedUnit
    ) throws -> LoadedUnit? {
        guard let state else { return nil }
        return try read(pick, of: left(of: state, beside: unit.batches), maxPoints: maxPoints)
    }

    /// Reads batches that nobody else has in hand.
    public func lend(maxPoints: Int, beside unit: LoadedUnit) throws -> LoadedUnit? {
        guard lent == nil, let state else { return nil }
        let loan = try read(
            .oldest, of: left(of: state, beside: unit.batches), maxPoints: maxPoints)
        lent = loan?.batches
        return loan
    }

    /// They are pending as before.
    public func takeBack() { lent = nil }

    private func read(
        _ pick: Delivery.Pick, of pending: PendingSet, maxPoints: Int
    ) throws(SpoolError) -> LoadedUnit? {
        switch pick {
        case .newest: try reader.newest(of: pending, maxPoints: maxPoints)
        case .oldest: try reader.oldest(of: pending, maxPoints: maxPoints)
        }
    }

    /// Begins to take the unit out of the pending set, when the one before has left it.
    public nonisolated(nonsending) func settle(
        _ unit: LoadedUnit, dead: [Acknowledgement.DeadPoint]
    ) async throws {
        try await conclude()
        begin(
            Acknowledgement(
                backend: backend, batches: unit.batches, dead: dead,
                damaged: unit.damaged.map(\.batch)))
        if lent == unit.batches { lent = nil }
    }

    private func begin(_ acknowledgement: Acknowledgement) {
        let end = Task { [spool, backend] in
            _ = try await spool.acknowledge(acknowledgement)
            return await spool.pendingState(of: backend)
        }
        settling = (acknowledgement, end)
    }

    /// Waits for the last acknowledgement, and begins it again when it failed.
    public nonisolated(nonsending) func conclude() async throws {
        guard let (acknowledgement, end) = settling else { return }
        do {
            state = try await end.value
            settling = nil
        } catch {
            begin(acknowledgement)
            throw error
        }
    }
}
