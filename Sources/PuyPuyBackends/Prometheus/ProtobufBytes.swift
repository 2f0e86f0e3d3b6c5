/// The few forms of protobuf that remote write needs, written to the end of an array of bytes.
///
/// Source: protobuf.dev/programming-guides/encoding.
enum ProtobufBytes {
    /// How a field's value is written: the low three bits of its tag.
    enum WireType: UInt8 {
        /// A variable-length integer.
        case varint = 0
        /// Eight bytes, little-endian.
        case fixed64 = 1
        /// A length and so many bytes: strings and messages.
        case bytes = 2
    }

    /// Adds the tag of field `number`, which is below 16.
    static func append(field number: UInt8, _ type: WireType, to bytes: inout [UInt8]) {
        bytes.append(number << 3 | type.rawValue)
    }

    /// Adds `value` in groups of seven bits, the lowest first.
    static func append(varint value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest > 127 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// How many bytes `value` takes.
    static func varintBytes(_ value: UInt64) -> Int {
        max(1, (64 - value.leadingZeroBitCount + 6) / 7)
    }

    /// Adds `bits` as eight bytes.
    static func append(fixed64 bits: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds field `number` with `text`.
    static func append(field number: UInt8, text: String, to bytes: inout [UInt8]) {
        append(field: number, .bytes, to: &bytes)
        append(varint: UInt64(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }
}
