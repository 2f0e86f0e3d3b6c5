/// The error text in an answer of InfluxDB 1.x: `{"error":"…"}`.
///
/// Bytes, because the text quotes lines that are matched byte for byte.
struct InfluxMessage: Sendable, Equatable {
    /// The text, without JSON's escapes.
    var bytes: [UInt8]
    /// False when the body ended before the text did.
    var isWhole: Bool

    /// The text for people.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads `body`; `nil` when it is not of that form.
    init?(body: [UInt8]) {
        var rest = body[...].drop { $0 <= 32 }
        guard rest.starts(with: "{".utf8) else { return nil }
        rest = rest.dropFirst().drop { $0 <= 32 }
        guard rest.starts(with: "\"error\"".utf8) else { return nil }
        rest = rest.dropFirst(7).drop { $0 <= 32 }
        guard rest.starts(with: ":".utf8) else { return nil }
        rest = rest.dropFirst().drop { $0 <= 32 }
        guard rest.starts(with: "\"".utf8) else { return nil }
        rest = rest.dropFirst()
        bytes = []
        isWhole = false
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                isWhole = true
                return
            case UInt8(ascii: "\\"): bytes += InfluxMessage.escape(&rest)
            default: bytes.append(byte)
            }
        }
    }

    /// RFC 8259, section 7, behind the backslash.
    private static func escape(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        switch rest.popFirst() {
        case nil: return []
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "u"):
            var units = [unit(&rest)]
            if UTF16.isLeadSurrogate(units[0]), rest.starts(with: "\\u".utf8) {
                rest = rest.dropFirst(2)
                units.append(unit(&rest))
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        case .some(let other): return [other]
        }
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt16 {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xfffd
    }
}
