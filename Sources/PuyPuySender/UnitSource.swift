public import PuyPuyCore
public import PuyPuySpool

/// Where a sender's units come from and where their end is recorded: the pending set in the daemon,
/// the history in a replay. Belongs to its sender's thread.
public protocol UnitSource: AnyObject {
    /// The series of the points.
    var catalog: any SeriesCatalog { get }

    /// Grows when series numbers begin to mean something else: what was kept under them is void.
    var generation: Int { get }

    /// What is left to deliver.
    nonisolated(nonsending) func pending() async throws -> Delivery.Pending

    /// The next unit; `nil` when there is none. An empty unit only has to be settled.
    nonisolated(nonsending) func load(
        _ pick: Delivery.Pick, maxPoints: Int
    ) async throws -> LoadedUnit?

    /// Every point of `unit` is confirmed, but for those that are dead.
    nonisolated(nonsending) func settle(
        _ unit: LoadedUnit, dead: [Acknowledgement.DeadPoint]
    ) async throws
}

/// The pending batches of one backend.
public final class PendingSource: UnitSource {
    private let backend: String
    private let spool: Spool
    private let path: String
    private var reader: SpoolReader
    /// The spool's file.
    public private(set) var generation = 0
    private var state: PendingState?

    /// The pending batches of `backend` in `spool`, whose file is at `path`.
    public init(backend: String, spool: Spool, path: String) throws {
        self.backend = backend
        self.spool = spool
        self.path = path
        reader = try SpoolReader(path: path)
    }

    /// The spool's series.
    public var catalog: any SeriesCatalog { reader }

    /// Asks the spool.
    public nonisolated(nonsending) func pending() async throws -> Delivery.Pending {
        let state = await spool.pendingState(of: backend)
        if state.generation != generation {
            reader = try SpoolReader(path: path)
            generation = state.generation
        }
        self.state = state
        return Delivery.Pending(
            fresh: state.set.openFirst <= state.lastBatch, backlog: !state.set.backlog.isEmpty)
    }

    /// Reads batches; the read transaction is over when this returns. Damage that a second look
    /// confirms is reported to the spool, which then begins a new file.
    public nonisolated(nonsending) func load(
        _ pick: Delivery.Pick, maxPoints: Int
    ) async throws -> LoadedUnit? {
        guard let state else { return nil }
        do throws(SpoolError) {
            return try read(pick, of: state.set, maxPoints: maxPoints)
        } catch  where error.kind == .damaged {
            do throws(SpoolError) {
                reader = try SpoolReader(path: path)
                return try read(pick, of: state.set, maxPoints: maxPoints)
            } catch {
                await spool.reportDamage(error, generation: state.generation)
                throw error
            }
        }
    }

    private func read(
        _ pick: Delivery.Pick, of pending: PendingSet, maxPoints: Int
    ) throws(SpoolError) -> LoadedUnit? {
        switch pick {
        case .newest: try reader.newest(of: pending, maxPoints: maxPoints)
        case .oldest: try reader.oldest(of: pending, maxPoints: maxPoints)
        }
    }

    /// Takes the unit out of the pending set, durably.
    public nonisolated(nonsending) func settle(
        _ unit: LoadedUnit, dead: [Acknowledgement.DeadPoint]
    ) async throws {
        _ = try await spool.acknowledge(
            Acknowledgement(
                backend: backend, batches: unit.batches, dead: dead,
                damaged: unit.damaged.map(\.batch)))
    }
}
