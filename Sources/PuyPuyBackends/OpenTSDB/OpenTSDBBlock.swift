internal import PuyPuyCore

/// What the encoder made of some points for OpenTSDB: a request body, and which part is which row.
///
/// The body is `[POINT,POINT,…]` with a point for each row that has one.
struct OpenTSDBBlock: Sendable {
    /// The body.
    var bytes: [UInt8] = []
    /// Where each point ends in `bytes`.
    var ends: [Int] = []
    /// Where the identity of each point ends: metric, tags and time, as they are on the wire.
    var identityEnds: [Int] = []
    /// The row of each point in the block of points.
    var rows: [Int] = []
    /// The points that are not in the body, since the protocol cannot express them.
    var rejections: [Outcome.Rejection] = []
    /// The rows below this one were looked at.
    var rowEnd = 0

    /// The number of points in the body.
    var count: Int { ends.count }

    /// Forgets the points and keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        identityEnds.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        rejections.removeAll(keepingCapacity: true)
        rowEnd = 0
    }

    /// Keeps the first `count` points, at least one and fewer than there are.
    mutating func cut(to count: Int) {
        precondition(0 < count && count < self.count)
        rowEnd = rows[count]
        bytes.removeLast(bytes.count - ends[count - 1])
        bytes.append(UInt8(ascii: "]"))
        ends.removeLast(ends.count - count)
        identityEnds.removeLast(identityEnds.count - count)
        rows.removeLast(rows.count - count)
        rejections.removeAll { $0.row >= rowEnd }
    }

    /// Takes the only point out of the body, refused for `reason`.
    mutating func refuseOnly(_ reason: String) {
        precondition(count == 1)
        rejections.append(Outcome.Rejection(row: rows[0], reason: reason))
        rejections.sort { $0.row < $1.row }
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll()
        identityEnds.removeAll()
        rows.removeAll()
    }

    /// The identity of point `number`: what two points that overwrite each other have in common.
    func identity(_ number: Int) -> ArraySlice<UInt8> {
        let start = number == 0 ? 0 : ends[number - 1]
        return bytes[(start + 1)..<identityEnds[number]]
    }
}
