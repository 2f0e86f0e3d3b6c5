internal import PuyPuyCore

/// Encodes points for Carbon's pickle receiver: frames of a big-endian length and a pickle of
/// `[(path, (second, value)), …]`.
///
/// Sources: graphite.readthedocs.io/en/latest/feeding-carbon.html, carbon 1.1 `protocols.py`, and
/// PEP 307 with CPython's `pickletools.py` for protocol 2. Only opcodes without a name of a class
/// are used: Carbon refuses the others.
///
/// Carbon drops or misreads without a word what it does not like, and some of that takes the rest
/// of the frame or of the connection along. So all of it is refused here, point by point.
struct PickleEncoder {
    /// `PICKLE_RECEIVER_MAX_LENGTH`; a longer frame ends the connection.
    static let maxFrameBytes = 1 << 20
    /// Whisper keeps seconds in 32 bits without a sign.
    private static let maxSecond = Int64(UInt32.max)
    /// PROTO 2, EMPTY_LIST, MARK; behind four bytes of length.
    private static let opening: [UInt8] = [0, 0, 0, 0, 0x80, 2] + "](".utf8
    /// APPENDS, STOP.
    private static let closing = Array("e.".utf8)
    /// The longest time and value behind a path: LONG1 of five bytes, BINFLOAT, TUPLE2 twice.
    private static let maxTailBytes = 7 + 9 + 2

    private let maxFrameBytes: Int
    private var table: CarbonSeriesTable
    private var frameStart = 0
    /// What became of the last block.
    private(set) var frames = PickleFrames()

    /// An encoder of plain paths, or of `tagged` ones.
    init(tagged: Bool = false, maxFrameBytes: Int = PickleEncoder.maxFrameBytes) {
        self.maxFrameBytes = maxFrameBytes
        table = CarbonSeriesTable(tagged: tagged)
    }

    /// Encodes `points` into ``frames``, in place of what was there. With a `pace`, points of series
    /// that it does not admit now are left out.
    mutating func encode(
        _ points: PointBlock, catalog: any SeriesCatalog, pace: inout CreatePace?
    ) {
        frames.removeAll()
        table.trim()
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: PickleEncoder.maxTailBytes) {
            tail in
            for row in 0..<points.count {
                encode(row, of: points, catalog: catalog, pace: &pace, tail: tail.baseAddress!)
            }
        }
        if !frames.bytes.isEmpty { closeFrame() }
    }

    private mutating func encode(
        _ row: Int, of points: PointBlock, catalog: any SeriesCatalog, pace: inout CreatePace?,
        tail: UnsafeMutablePointer<UInt8>
    ) {
        let id = points.seriesIDs[row]
        let prefix = table.prefix(id, catalog: catalog)
        guard !prefix.isEmpty else { return refuse(row, table.refusal(id), pace != nil) }
        let value = points.values[row].asDouble
        guard value.isFinite else { return refuse(row, "not a finite number", pace != nil) }
        let second = PickleEncoder.second(points.timestampsNs[row])
        guard second >= 0, second <= PickleEncoder.maxSecond else {
            return refuse(row, "time outside the range of Carbon", pace != nil)
        }
        if pace != nil {
            guard pace!.admits(id) else {
                frames.leavesOut = true
                return
            }
            frames.rows.append(row)
        }
        let tailCount = PickleEncoder.write(second: second, value: value, to: tail)
        openFrame(for: prefix.count + tailCount)
        frames.bytes.append(contentsOf: table.arena[prefix])
        frames.bytes.append(contentsOf: UnsafeBufferPointer(start: tail, count: tailCount))
        frames.points += 1
    }

    private mutating func refuse(_ row: Int, _ reason: String, _ isPaced: Bool) {
        frames.rejections.append(Outcome.Rejection(row: row, reason: reason))
        if isPaced { frames.rows.append(row) }
    }

    /// Makes sure that a frame is open that has room for `count` bytes.
    private mutating func openFrame(for count: Int) {
        let payload = frames.bytes.count - frameStart - 4
        if !frames.bytes.isEmpty {
            guard payload + count + PickleEncoder.closing.count > maxFrameBytes else { return }
            closeFrame()
        }
        frameStart = frames.bytes.count
        frames.bytes += PickleEncoder.opening
    }

    private mutating func closeFrame() {
        frames.bytes += PickleEncoder.closing
        let length = frames.bytes.count - frameStart - 4
        for index in 0..<4 {
            frames.bytes[frameStart + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index))
        }
    }

    /// The second that `timestampNs` is in. Rounding towards zero would make the last second before
    /// 1970 the first one after it.
    private static func second(_ timestampNs: Int64) -> Int64 {
        let (quotient, rest) = timestampNs.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// Writes what goes behind a path, and says how many bytes that are.
    ///
    /// Integers go as doubles too: Carbon makes doubles of them first thing, with the same rounding
    /// beyond 2^53, and other receivers of pickles refuse long integers.
    private static func write(
        second: Int64, value: Double, to tail: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var count = 1
        if second <= Int32.max {
            tail[0] = UInt8(ascii: "J")  // BININT
        } else {
            tail[0] = 0x8A  // LONG1, with a fifth byte for the sign
            tail[1] = 5
            count = 2
        }
        for index in 0..<(count == 1 ? 4 : 5) {
            tail[count] = UInt8(truncatingIfNeeded: second >> (8 * index))
            count += 1
        }
        tail[count] = UInt8(ascii: "G")  // BINFLOAT
        count += 1
        for index in 0..<8 {
            tail[count] = UInt8(truncatingIfNeeded: value.bitPattern >> (56 - 8 * UInt64(index)))
            count += 1
        }
        tail[count] = 0x86  // TUPLE2
        tail[count + 1] = 0x86
        return count + 2
    }
}
