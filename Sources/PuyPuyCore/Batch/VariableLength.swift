/// Reads bytes one after the other. Every read is checked against the end.
///
/// A varint has seven bits a byte, the lowest first, the top bit set on all bytes but the last
/// (LEB128). Signed ones are zigzag-coded first, so that small ones stay short.
struct ByteReader {
    /// All bytes, from the first one on.
    let bytes: UnsafeRawBufferPointer
    /// How many of them were read. What reads by itself moves it on, not beyond the end.
    var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    /// The bytes that were not read yet.
    var left: Int { bytes.count - offset }

    mutating func byte() throws(BatchDamage) -> UInt8 {
        guard offset < bytes.count else { throw .truncated }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func unsigned() throws(BatchDamage) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard offset < bytes.count else { throw .truncated }
            let byte = bytes[offset]
            offset += 1
            // The tenth byte holds the one bit that is left.
            if shift == 63 && byte > 1 { throw .malformed }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw .malformed }
        }
    }

    mutating func signed() throws(BatchDamage) -> Int64 { unzigzag(try unsigned()) }

    mutating func fixed64() throws(BatchDamage) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw .truncated }
        defer { offset += 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// 0, -1, 1, -2, … as 0, 1, 2, 3, …
@inline(__always)
func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

@inline(__always)
func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
}

/// The bytes of a varint.
@inline(__always)
func varintBytes(_ value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }
