/// Writes columns of integers as version 2 of the batch format has them, into memory of a fixed size.
///
/// A column is a sequence of blocks. A block is a head byte, the number of its values unless it
/// reaches to the end of the column, and then one of:
///
/// - values of a fixed width: the smallest as a signed varint, and of each value what it is above that,
///   in as many bits as the largest needs. A width of 0 is one value, any number of times;
/// - values of their own length: for each a nibble with the number of its bytes, and the bytes.
///
/// The encoder takes the shorter. Writes are checked against the end of the memory once a block, not
/// with every value.
struct ColumnWriter {
    /// In the head byte: values of their own length. Smaller numbers are widths in bits.
    static let ownLengths: UInt8 = 65
    /// In the head byte: the block reaches to the end of the column, and has no count.
    static let isLast: UInt8 = 0x80
    /// More values that differ share no width: so one outlier costs little.
    static let longestBlock = 128
    /// So many equal values in a row get a block of their own.
    private static let shortestRun = 32
    /// Any block: head, count, smallest value, and what a store of 8 bytes writes beyond the last.
    private static let blockBytes = 1 + 3 + 10 + 8

    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    /// The bytes written so far.
    private(set) var count = 0

    /// A writer into `memory`, which has room for ``roomBytes(columns:count:)``.
    init(_ memory: UnsafeMutableRawBufferPointer) {
        start = memory.baseAddress!
        capacity = memory.count
    }

    /// Enough for so many columns of `count` values each, and 64 bytes.
    ///
    /// A value takes at most 8 bytes and a nibble. Between two blocks of less than 128 values lies a run
    /// of at least 32, so that there are at most two blocks for each 32 values, and one for each 128.
    static func roomBytes(columns: Int, count: Int) -> Int {
        64 + columns * (count * 9 + (count / 16 + count / 128 + 3) * blockBytes)
    }

    private func checkRoom(_ bytes: Int) {
        precondition(bytes <= capacity - count, "a batch is larger than the largest one")
    }

    mutating func byte(_ byte: UInt8) {
        checkRoom(1)
        start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    mutating func signed(_ value: Int64) { unsigned(zigzag(value)) }

    mutating func fixed32(_ value: UInt32) {
        checkRoom(4)
        start.storeBytes(of: value.littleEndian, toByteOffset: count, as: UInt32.self)
        count += 4
    }

    /// Writes `values`.
    mutating func column(_ values: UnsafeBufferPointer<Int64>) {
        var first = 0
        while first < values.count {
            let end = ColumnWriter.blockEnd(values, from: first)
            block(
                UnsafeBufferPointer(rebasing: values[first..<end]), isLast: end == values.count)
            first = end
        }
    }

    /// Writes `value` `repetitions` times, at least once, as a column of its own.
    mutating func column(repeating value: Int64) {
        byte(0 | ColumnWriter.isLast)
        signed(value)
    }

    /// Where the block that begins at `first` ends: behind a run of equal values, before one, or when it
    /// is long enough.
    private static func blockEnd(_ values: UnsafeBufferPointer<Int64>, from first: Int) -> Int {
        let run = runEnd(values, from: first)
        if run - first >= shortestRun { return run }
        let limit = min(first + longestBlock, values.count)
        // A run of 32 holds two values of this grid with 15 between them, wherever it begins.
        var probe = first + 16
        while probe + 15 < limit {
            if values[probe] == values[probe + 15] {
                var begin = probe
                while begin > first && values[begin - 1] == values[probe] { begin -= 1 }
                if runEnd(values, from: begin) - begin >= shortestRun { return begin }
            }
            probe += 16
        }
        return limit
    }

    private static func runEnd(_ values: UnsafeBufferPointer<Int64>, from first: Int) -> Int {
        let value = values[first]
        var end = first + 1
        while end < values.count && values[end] == value { end += 1 }
        return end
    }

    private mutating func block(_ values: UnsafeBufferPointer<Int64>, isLast: Bool) {
        checkRoom(Self.blockBytes + (values.count <= Self.longestBlock ? 9 * values.count : 0))
        var low = values[0]
        var high = low
        for value in values {
            low = min(low, value)
            high = max(high, value)
        }
        let width = 64 - UInt64(bitPattern: high &- low).leadingZeroBitCount
        let last = isLast ? Self.isLast : 0
        if width > 8 {
            let packedBytes = (values.count * width + 7) / 8 + varintBytes(zigzag(low))
            if ColumnWriter.ownLengthsBytes(values) < packedBytes {
                byte(Self.ownLengths | last)
                if !isLast { unsigned(UInt64(values.count)) }
                return writeOwnLengths(values)
            }
        }
        byte(UInt8(width) | last)
        if !isLast { unsigned(UInt64(values.count)) }
        signed(low)
        if width > 0 { pack(values, above: low, width: width) }
    }

    /// Writes `width` bits of each value, the lowest first. Room is checked by the caller.
    private mutating func pack(
        _ values: UnsafeBufferPointer<Int64>, above low: Int64, width: Int
    ) {
        var word: UInt64 = 0
        var used = 0
        for value in values {
            let bits = UInt64(bitPattern: value &- low)
            word |= bits &<< UInt64(used)
            used &+= width
            if used >= 64 {
                store(word)
                count &+= 8
                used &-= 64
                // What did not fit. Two shifts, since one of 64 would be none.
                word = (bits &>> UInt64(width &- used &- 1)) &>> 1
            }
        }
        store(word)
        count += (used + 7) / 8
    }

    private static func ownLengthsBytes(_ values: UnsafeBufferPointer<Int64>) -> Int {
        var bytes = (values.count + 1) / 2
        for value in values { bytes &+= byteCount(zigzag(value)) }
        return bytes
    }

    /// Writes nibbles and bytes. Room is checked by the caller.
    private mutating func writeOwnLengths(_ values: UnsafeBufferPointer<Int64>) {
        var nibble = count
        count += (values.count + 1) / 2
        var pair = 0
        for index in values.indices {
            let bits = zigzag(values[index])
            let length = ColumnWriter.byteCount(bits)
            store(bits)
            count &+= length
            if index & 1 == 0 {
                pair = length
                if index &+ 1 < values.count { continue }
            } else {
                pair |= length &<< 4
            }
            start.storeBytes(
                of: UInt8(truncatingIfNeeded: pair), toByteOffset: nibble, as: UInt8.self)
            nibble &+= 1
        }
    }

    @inline(__always)
    private static func byteCount(_ bits: UInt64) -> Int { (71 &- bits.leadingZeroBitCount) / 8 }

    /// Writes 8 bytes behind what counts.
    @inline(__always)
    private func store(_ word: UInt64) {
        start.storeBytes(of: word.littleEndian, toByteOffset: count, as: UInt64.self)
    }
}
