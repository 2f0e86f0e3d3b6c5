internal import Glibc

/// A JSON value as a test server reads it: RFC 8259 to the letter, so that a request which is no
/// JSON is noticed. Apart from the readers of the program, which it checks.
public enum JSONNode: Sendable, Equatable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number, as it was written.
    case number(String)
    /// A string, without its escapes.
    case string(String)
    /// The elements in their order.
    case array([JSONNode])
    /// The members in their order; a key may come twice.
    case object([Member])

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        /// The key.
        public let key: String
        /// The value.
        public let value: JSONNode
    }

    /// Reads `bytes`, which hold one value and nothing else.
    public init(parsing bytes: [UInt8]) throws(TestSupportError) {
        var reader = JSONReading(bytes[...])
        self = try reader.value()
        reader.skipSpace()
        guard reader.rest.isEmpty else { throw reader.failure("the end") }
    }

    /// The members of an object; none of anything else.
    public var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The elements of an array; none of anything else.
    public var elements: [JSONNode] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The text of a string; `nil` for anything else.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A number as it was written; `nil` for anything else.
    public var numberText: String? {
        if case .number(let text) = self { text } else { nil }
    }

    /// The last member under `key`.
    public subscript(key: String) -> JSONNode? { members.last { $0.key == key }?.value }

    /// `text` as a JSON string, with its quotes.
    public static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// How far the reading has come.
struct JSONReading {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    func failure(_ expected: String) -> TestSupportError {
        let found = String(decoding: rest.prefix(40), as: UTF8.self)
        return TestSupportError("no JSON: \(expected) expected before '\(found)'")
    }

    mutating func skipSpace() {
        while let byte = rest.first, byte == 32 || byte == 10 || byte == 13 || byte == 9 {
            rest.removeFirst()
        }
    }

    /// Takes `character`, behind any space, if it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(TestSupportError) {
        guard take(character) else { throw failure("\(character)") }
    }

    /// The value that comes next.
    mutating func value() throws(TestSupportError) -> JSONNode {
        skipSpace()
        switch rest.first {
        case UInt8(ascii: "{"): return .object(try members())
        case UInt8(ascii: "["): return .array(try elements())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(
        _ word: String, _ node: JSONNode
    ) throws(TestSupportError) -> JSONNode {
        guard rest.starts(with: word.utf8) else { throw failure(word) }
        rest.removeFirst(word.utf8.count)
        return node
    }

    private mutating func members() throws(TestSupportError) -> [JSONNode.Member] {
        var members: [JSONNode.Member] = []
        try expect("{")
        if take("}") { return [] }
        repeat {
            skipSpace()
            let key = try string()
            try expect(":")
            members.append(JSONNode.Member(key: key, value: try value()))
        } while take(",")
        try expect("}")
        return members
    }

    private mutating func elements() throws(TestSupportError) -> [JSONNode] {
        var elements: [JSONNode] = []
        try expect("[")
        if take("]") { return [] }
        repeat { elements.append(try value()) } while take(",")
        try expect("]")
        return elements
    }

    private mutating func digits() throws(TestSupportError) {
        let count = rest.prefix { 48...57 ~= $0 }.count
        guard count > 0 else { throw failure("a digit") }
        rest.removeFirst(count)
    }

    private mutating func number() throws(TestSupportError) -> String {
        let start = rest.startIndex
        let whole = rest
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        if rest.first == UInt8(ascii: "0") { rest.removeFirst() } else { try digits() }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            try digits()
        }
        if let letter = rest.first, letter | 32 == UInt8(ascii: "e") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                rest.removeFirst()
            }
            try digits()
        }
        return String(decoding: whole[start..<rest.startIndex], as: UTF8.self)
    }

    private mutating func string() throws(TestSupportError) -> String {
        try expect("\"")
        guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == 92 || $0 < 32 })
        else { throw failure("the end of a string") }
        if rest[end] == UInt8(ascii: "\"") {
            let text = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            return text
        }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"): bytes += try escape()
            case 0..<32: throw failure("no control character")
            default: bytes.append(byte)
            }
        }
        throw failure("the end of a string")
    }

    private mutating func escape() throws(TestSupportError) -> [UInt8] {
        switch rest.popFirst() {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "u"):
            var units = [try unit()]
            if UTF16.isLeadSurrogate(units[0]), rest.starts(with: "\\u".utf8) {
                rest.removeFirst(2)
                units.append(try unit())
            }
            return Array(String(decoding: units, as: UTF16.self).utf8)
        case .some(let byte)
        where byte == 34 || byte == 92 || byte == UInt8(ascii: "/"):
            return [byte]
        default: throw failure("an escape")
        }
    }

    private mutating func unit() throws(TestSupportError) -> UInt16 {
        let digits = rest.prefix(4)
        guard digits.count == 4,
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits") }
        rest.removeFirst(4)
        return unit
    }
}

extension StoredPoint {
    /// A point from the text of its value, read by strtod(3) so that nothing is rounded twice.
    init(timestampNs: Int64, text: String) {
        self.init(timestampNs: timestampNs, value: strtod(text, nil), integer: Int64(text))
    }
}
