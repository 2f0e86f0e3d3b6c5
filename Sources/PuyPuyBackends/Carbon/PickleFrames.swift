internal import PuyPuyCore

/// What the encoder made of one block of points.
struct PickleFrames: Sendable {
    /// The frames, one behind the other.
    var bytes: [UInt8] = []
    /// The number of points in them.
    var points = 0
    /// The points that are in no frame, since Carbon cannot take them.
    var rejections: [Outcome.Rejection] = []
    /// With a pace: the rows that were looked at, ascending, refused ones among them.
    var rows: [Int] = []
    /// Whether the pace held points back.
    var leavesOut = false

    /// Forgets the frames and keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        points = 0
        rejections.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        leavesOut = false
    }
}
