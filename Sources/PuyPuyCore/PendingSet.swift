/// The number of a batch: positive, growing, never used twice.
public typealias BatchID = Int64

/// The batches that a backend has not confirmed: ranges of batch numbers, apart and in order. The
/// last range is open: it takes in all batches to come.
public struct PendingSet: Sendable, Hashable {
    /// Closed ranges below the open one: the backlog that newer points overtook.
    public private(set) var backlog: [ClosedRange<BatchID>]
    /// The first batch of the open range; all batches from here on are pending.
    public private(set) var openFirst: BatchID

    /// The set of all batches from `openFirst` on, and of those in `backlog`.
    public init(backlog: [ClosedRange<BatchID>] = [], openFirst: BatchID) {
        self.backlog = backlog.sorted { $0.lowerBound < $1.lowerBound }
        self.openFirst = openFirst
        precondition(
            zip(self.backlog, self.backlog.dropFirst()).allSatisfy {
                $0.upperBound < $1.lowerBound
            } && self.backlog.last.map { $0.upperBound < openFirst } ?? true,
            "pending ranges overlap")
    }

    /// Takes out `confirmed`.
    public mutating func remove(_ confirmed: ClosedRange<BatchID>) {
        var rest: [ClosedRange<BatchID>] = []
        for range in backlog {
            if range.lowerBound < confirmed.lowerBound {
                rest.append(range.lowerBound...min(range.upperBound, confirmed.lowerBound - 1))
            }
            if range.upperBound > confirmed.upperBound {
                rest.append(max(range.lowerBound, confirmed.upperBound + 1)...range.upperBound)
            }
        }
        if confirmed.upperBound >= openFirst {
            if confirmed.lowerBound > openFirst {
                rest.append(openFirst...(confirmed.lowerBound - 1))
            }
            openFirst = confirmed.upperBound + 1
        }
        backlog = rest
    }

    /// The parts of `range` that are pending.
    public func intersection(_ range: ClosedRange<BatchID>) -> [ClosedRange<BatchID>] {
        var parts: [ClosedRange<BatchID>] = []
        for pending in backlog where pending.overlaps(range) {
            parts.append(pending.clamped(to: range))
        }
        if range.upperBound >= openFirst {
            parts.append(max(openFirst, range.lowerBound)...range.upperBound)
        }
        return parts
    }

    /// Whether the batch `id` is pending.
    public func contains(_ id: BatchID) -> Bool {
        id >= openFirst || backlog.contains { $0.contains(id) }
    }

    /// The first pending batch, or the first one to come.
    public var first: BatchID { backlog.first?.lowerBound ?? openFirst }
}
