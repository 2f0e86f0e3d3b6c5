/// Reads a JSON text; see ``JSONValue``.
struct JSONReader {
    /// No answer of a database nests deeper; a deeper one would fill the stack.
    private static let maxDepth = 32

    private var rest: ArraySlice<UInt8>
    private var isCut = false

    /// The value in `bytes`, and whether its end is there, too; `nil` when that is no JSON.
    static func read(_ bytes: [UInt8]) -> (value: JSONValue, isWhole: Bool)? {
        var reader = JSONReader(rest: bytes[...])
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        return reader.rest.isEmpty ? (value, !reader.isCut) : nil
    }

    private init(rest: ArraySlice<UInt8>) { self.rest = rest }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Notes the cut when nothing is left.
    private mutating func isAtCut() -> Bool {
        skipSpace()
        if rest.isEmpty { isCut = true }
        return isCut
    }

    /// The value that comes next; `nil` when there is none, or not a whole one before the cut that
    /// is not a container.
    private mutating func value(depth: Int) -> JSONValue? {
        if isAtCut() || depth > JSONReader.maxDepth { return nil }
        switch rest.first {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return word("true", .bool(true))
        case UInt8(ascii: "f"): return word("false", .bool(false))
        case UInt8(ascii: "n"): return word("null", .null)
        default: return number(depth: depth)
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) -> JSONValue? {
        if rest.starts(with: word.utf8) {
            rest = rest.dropFirst(word.utf8.count)
            return value
        }
        return cut(if: word.utf8.starts(with: rest))
    }

    private mutating func cut(if isBeginning: Bool) -> JSONValue? {
        if isBeginning {
            isCut = true
            rest = []
        }
        return nil
    }

    private mutating func array(depth: Int) -> JSONValue? {
        var elements: [JSONValue] = []
        rest.removeFirst()
        if take("]") { return .array([]) }
        repeat {
            guard let element = value(depth: depth + 1) else {
                return isCut ? .array(elements) : nil
            }
            elements.append(element)
            if isCut || isAtCut() { return .array(elements) }
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func object(depth: Int) -> JSONValue? {
        var members: [JSONValue.Member] = []
        rest.removeFirst()
        if take("}") { return .object([]) }
        repeat {
            if isAtCut() { return .object(members) }
            guard rest.first == UInt8(ascii: "\""), let key = string(), !isAtCut(), take(":"),
                let value = value(depth: depth + 1)
            else { return isCut ? .object(members) : nil }
            members.append(JSONValue.Member(key: key, value: value))
            if isCut || isAtCut() { return .object(members) }
        } while take(",")
        return take("}") ? .object(members) : nil
    }
}

extension JSONReader {
    private mutating func number(depth: Int) -> JSONValue? {
        let text = rest.prefix { byte in
            48...57 ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: ".") || byte | 32 == UInt8(ascii: "e")
        }
        rest = rest.dropFirst(text.count)
        if rest.isEmpty && depth > 0 {
            // A number that touches the cut may go on behind it.
            isCut = true
            return nil
        }
        return JSONReader.isNumber(text)
            ? .number(String(decoding: text, as: UTF8.self)) : nil
    }

    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func digits() -> Bool {
            let count = rest.prefix { 48...57 ~= $0 }.count
            rest = rest.dropFirst(count)
            return count > 0
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        if rest.first == UInt8(ascii: "0") {
            rest = rest.dropFirst()
        } else if !digits() {
            return false
        }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() else { return false }
        }
        if let letter = rest.first, letter | 32 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                rest = rest.dropFirst()
            }
            guard digits() else { return false }
        }
        return rest.isEmpty
    }

    /// The string that begins here; `nil`, with the cut noted, when it does not end.
    private mutating func string() -> String? {
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let unescaped = escape() else { return nil }
                bytes += unescaped
            case 0..<32: return nil
            default: bytes.append(byte)
            }
        }
        isCut = true
        return nil
    }

    /// RFC 8259, section 7, behind the backslash.
    private mutating func escape() -> [UInt8]? {
        switch rest.popFirst() {
        case UInt8(ascii: "\""): return [34]
        case UInt8(ascii: "\\"): return [92]
        case UInt8(ascii: "/"): return [47]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "u"):
            guard let first = unit() else { return nil }
            var units = [first]
            if UTF16.isLeadSurrogate(first), rest.starts(with: "\\u".utf8) {
                rest = rest.dropFirst(2)
                guard let second = unit() else { return nil }
                units.append(second)
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        case nil:
            isCut = true
            return nil
        default: return nil
        }
    }

    private mutating func unit() -> UInt16? {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        if digits.count < 4 { isCut = true }
        return digits.count < 4
            ? nil : UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
