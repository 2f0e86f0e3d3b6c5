/// Why the bytes of a batch cannot be read.
public enum BatchDamage: Error, Sendable, Hashable, CustomStringConvertible {
    /// The checksum does not match: bytes were changed, lost or added.
    case checksum
    /// The bytes end before the batch does.
    case truncated
    /// The bytes are not of this form, although their checksum matches.
    case malformed
    /// Written by a version of the format that this program does not know.
    case unknownVersion(UInt8)

    /// A clause that reads well after a colon.
    public var description: String {
        switch self {
        case .checksum: "its checksum does not match its bytes"
        case .truncated: "its bytes end too early"
        case .malformed: "its bytes are not those of a batch"
        case .unknownVersion(let version): "its format version \(version) is unknown"
        }
    }
}

/// Points in, bytes out, and the same bits back.
///
/// A batch is self-contained, versioned and checksummed. Version 1:
///
/// ```
/// version     1 byte, 1
/// count       varint: the number n of points
/// series      integer column: differences of series numbers
/// timestamps  integer column: differences of differences, nanoseconds
/// kinds       integer column: differences of value kinds
/// values      n values, each by its kind:
///               0…9  double m / 10^kind, m as zigzag varint: decimals such as 12.34
///               10   integer, zigzag varint
///               11   double, 8 bytes
/// checksum    4 bytes: CRC-32C of all before it
/// ```
///
/// An integer column is a byte that says how its zigzag varints follow: 0, one for each point; 1, as
/// pairs of a value and the number of its repetitions. The encoder takes the shorter. Fixed-size
/// numbers are little-endian; arithmetic on differences wraps.
public enum BatchCodec {
    /// The version that ``encode(_:into:)`` writes.
    public static let version: UInt8 = 1

    /// The most points in a batch; a damaged count cannot ask for more memory than this.
    public static let maxPoints = 1 << 20

    /// Encodes `block`, which has at most ``maxPoints`` points. `buffer` lends its memory.
    public static func encode(_ block: PointBlock, into buffer: consuming [UInt8] = []) -> [UInt8] {
        precondition(block.count <= maxPoints, "a batch of \(block.count) points")
        var writer = ByteWriter(reusing: buffer)
        writer.byte(version)
        writer.unsigned(UInt64(block.count))
        encodeColumn(block.seriesIDs, order: 1, into: &writer)
        encodeColumn(block.timestampsNs, order: 2, into: &writer)
        let values = block.values.map(StoredValue.init)
        encodeColumn(values.map { Int64($0.kind) }, order: 1, into: &writer)
        for value in values {
            if value.kind == StoredValue.rawKind {
                writer.fixed64(UInt64(bitPattern: value.bits))
            } else {
                writer.signed(value.bits)
            }
        }
        let checksum = writer.bytes.withUnsafeBytes { Checksum.crc32c($0) }
        writer.fixed32(checksum)
        return writer.bytes
    }

    /// Decodes a batch; the bytes are not kept.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(BatchDamage) -> PointBlock {
        guard bytes.count > 4 else { throw .truncated }
        let body = UnsafeRawBufferPointer(rebasing: bytes.dropLast(4))
        let stored = bytes.loadUnaligned(fromByteOffset: body.count, as: UInt32.self)
        guard Checksum.crc32c(body) == UInt32(littleEndian: stored) else { throw .checksum }
        var reader = ByteReader(body)
        let version = try reader.byte()
        guard version == Self.version else { throw .unknownVersion(version) }
        let count = try reader.unsigned()
        guard count <= UInt64(maxPoints) else { throw .malformed }
        // A value takes a byte at least, so that no few bytes can ask for much memory.
        guard count <= UInt64(body.count - reader.offset) else { throw .truncated }
        let series = try decodeColumn(Int(count), order: 1, from: &reader)
        let timestamps = try decodeColumn(Int(count), order: 2, from: &reader)
        let kinds = try decodeColumn(Int(count), order: 1, from: &reader)
        var values: [Value] = []
        values.reserveCapacity(Int(count))
        for kind in kinds {
            values.append(try StoredValue.read(kind: kind, from: &reader))
        }
        guard reader.isAtEnd else { throw .malformed }
        return PointBlock(seriesIDs: series, timestampsNs: timestamps, values: values)
    }

    /// Writes `column` as differences (`order` 1) or differences of differences (2).
    private static func encodeColumn(
        _ column: [Int64], order: Int, into writer: inout ByteWriter
    ) {
        var differences = column
        for _ in 0..<order {
            var previous: Int64 = 0
            for index in differences.indices {
                let value = differences[index]
                differences[index] = value &- previous
                previous = value
            }
        }
        var plainSize = 0
        var pairedSize = 0
        forEachRepetition(differences) { value, repetitions in
            let size = varintSize(zigzag(value))
            plainSize += size * repetitions
            pairedSize += size + varintSize(UInt64(repetitions))
        }
        writer.byte(pairedSize < plainSize ? 1 : 0)
        forEachRepetition(differences) { value, repetitions in
            if pairedSize < plainSize {
                writer.signed(value)
                writer.unsigned(UInt64(repetitions))
            } else {
                for _ in 0..<repetitions { writer.signed(value) }
            }
        }
    }

    private static func decodeColumn(
        _ count: Int, order: Int, from reader: inout ByteReader
    ) throws(BatchDamage) -> [Int64] {
        var column: [Int64] = []
        column.reserveCapacity(count)
        switch try reader.byte() {
        case 0:
            for _ in 0..<count { column.append(try reader.signed()) }
        case 1:
            while column.count < count {
                let value = try reader.signed()
                let repetitions = try reader.unsigned()
                guard repetitions > 0, repetitions <= UInt64(count - column.count) else {
                    throw .malformed
                }
                for _ in 0..<repetitions { column.append(value) }
            }
        default: throw .malformed
        }
        for _ in 0..<order {
            var previous: Int64 = 0
            for index in column.indices {
                previous = previous &+ column[index]
                column[index] = previous
            }
        }
        return column
    }

    private static func forEachRepetition(_ column: [Int64], _ body: (Int64, Int) -> Void) {
        var start = 0
        while start < column.count {
            var end = start + 1
            while end < column.count && column[end] == column[start] { end += 1 }
            body(column[start], end - start)
            start = end
        }
    }

    private static func varintSize(_ value: UInt64) -> Int {
        max(1, (70 - value.leadingZeroBitCount) / 7)
    }
}

/// A value as version 1 stores it.
private struct StoredValue {
    static let integerKind: UInt8 = 10
    static let rawKind: UInt8 = 11

    let kind: UInt8
    /// The integer, the scaled decimal, or the bits of the double.
    let bits: Int64

    /// 10^0 … 10^9; each is exact as a `Double`.
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    /// Beyond 2^48 a scaled decimal takes as many bytes as the double itself.
    private static let largestScaled = Double(1 << 48)

    init(_ value: Value) {
        switch value {
        case .integer(let integer):
            kind = StoredValue.integerKind
            bits = integer
        case .double(let double):
            for (exponent, power) in StoredValue.powers.enumerated() {
                let scaled = (double * power).rounded()
                // Also ends the search for NaN and the infinities.
                guard scaled.magnitude < StoredValue.largestScaled else { break }
                let candidate = Int64(scaled)
                // Bits, since a negative zero has to come back as one.
                if StoredValue.decoded(kind: UInt8(exponent), bits: candidate).bitPattern
                    == double.bitPattern
                {
                    kind = UInt8(exponent)
                    bits = candidate
                    return
                }
            }
            kind = StoredValue.rawKind
            bits = Int64(bitPattern: double.bitPattern)
        }
    }

    static func read(
        kind: Int64, from reader: inout ByteReader
    ) throws(BatchDamage) -> Value {
        switch kind {
        case 0..<Int64(integerKind):
            .double(decoded(kind: UInt8(kind), bits: try reader.signed()))
        case Int64(integerKind): .integer(try reader.signed())
        case Int64(rawKind): .double(Double(bitPattern: try reader.fixed64()))
        default: throw .malformed
        }
    }

    private static func decoded(kind: UInt8, bits: Int64) -> Double {
        Double(bits) / powers[Int(kind)]
    }
}
