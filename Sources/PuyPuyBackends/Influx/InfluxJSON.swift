/// Reads the small JSON answers of InfluxDB from their start, as far as they go.
///
/// Bytes, because answers quote lines that are matched byte for byte. An answer that is cut short,
/// which a server or our own limit may do, is read up to the cut.
struct InfluxJSON {
    /// A string, as far as the text went.
    struct Text: Sendable, Equatable {
        /// The text, without JSON's escapes.
        var bytes: [UInt8] = []
        /// False when the input ended before the text did.
        var isWhole = false
    }

    private var rest: ArraySlice<UInt8>

    init(_ body: [UInt8]) { rest = body[...] }

    /// Takes `character`, and the white space before it, if it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        rest = rest.drop { $0 <= 32 }
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// The string that comes next; `nil` when something else does.
    mutating func string() -> Text? {
        guard take("\"") else { return nil }
        var text = Text()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                text.isWhole = true
                return text
            case UInt8(ascii: "\\"): text.bytes += escape()
            default: text.bytes.append(byte)
            }
        }
        return text
    }

    /// The whole number that comes next; `nil` when something else does.
    mutating func integer() -> Int? {
        rest = rest.drop { $0 <= 32 }
        let digits = rest.prefix { $0 == UInt8(ascii: "-") || 48...57 ~= $0 }
        // At the end of the input more digits may be missing.
        guard digits.count < rest.count, let number = Int(String(decoding: digits, as: UTF8.self))
        else { return nil }
        rest = rest.dropFirst(digits.count)
        return number
    }

    /// Passes over the value that comes next; false when it is not whole.
    mutating func skipValue() -> Bool {
        var depth = 0
        while true {
            rest = rest.drop { $0 <= 32 }
            switch rest.first {
            case nil: return false
            case UInt8(ascii: "\""):
                guard string()?.isWhole == true else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                rest.removeFirst()
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                rest.removeFirst()
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 { return false }
                rest.removeFirst()
                continue
            default:
                let word = rest.prefix { !InfluxJSON.endsWord.contains($0) }
                guard !word.isEmpty, word.count < rest.count else { return false }
                rest = rest.dropFirst(word.count)
            }
            if depth == 0 { return true }
            if depth < 0 { return false }
        }
    }

    private static let endsWord = Set(" \t\r\n,:{}[]\"".utf8)

    /// RFC 8259, section 7, behind the backslash.
    private mutating func escape() -> [UInt8] {
        switch rest.popFirst() {
        case nil: return []
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "u"):
            var units = [unit()]
            if UTF16.isLeadSurrogate(units[0]), rest.starts(with: "\\u".utf8) {
                rest = rest.dropFirst(2)
                units.append(unit())
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        case .some(let other): return [other]
        }
    }

    private mutating func unit() -> UInt16 {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xfffd
    }
}
