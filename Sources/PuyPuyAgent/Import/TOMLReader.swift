/// Reads TOML byte by byte; ``TOMLFile`` documents what is understood.
struct TOMLReader {
    /// Arrays in arrays, at most. Files of settings have two.
    private static let maxDepth = 16

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func failure(_ message: String) -> TOMLFile.Failure {
        TOMLFile.Failure(line: line, message: message)
    }

    /// Throws unless the bytes are UTF-8 without control characters.
    func checkText() throws(TOMLFile.Failure) {
        var number = 1
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if !String(decoding: part, as: UTF8.self).utf8.elementsEqual(part) {
                throw TOMLFile.Failure(line: number, message: "not UTF-8")
            }
            let text = part.last == 0x0D ? part.dropLast() : part
            if text.contains(where: { $0 < 0x20 && $0 != UInt8(ascii: "\t") || $0 == 0x7F }) {
                throw TOMLFile.Failure(line: number, message: "a control character")
            }
            number += 1
        }
    }

    /// Goes on to the next table or key; false at the end of the file.
    mutating func skipToContent() throws(TOMLFile.Failure) -> Bool {
        skipSpaceAndLines()
        return index < bytes.count
    }

    /// The head of a table, when one stands here.
    mutating func head() throws(TOMLFile.Failure) -> TOMLFile.Table? {
        guard take("[") else { return nil }
        let isElement = take("[")
        let start = line
        var path: [String] = []
        repeat {
            skipSpace()
            path.append(try key())
            skipSpace()
        } while take(".")
        guard take("]"), !isElement || take("]") else {
            throw failure("a table without its \(isElement ? "]]" : "]")")
        }
        return TOMLFile.Table(path: path, isElement: isElement, line: start)
    }

    /// A key with its value.
    mutating func entry() throws(TOMLFile.Failure) -> TOMLFile.Entry {
        let start = line
        let name = try key()
        skipSpace()
        if byte == UInt8(ascii: ".") { throw failure("dotted keys are not understood") }
        guard take("=") else { throw failure("\(name) has no = behind it") }
        skipSpace()
        return TOMLFile.Entry(key: name, value: try value(), line: start)
    }

    /// The end of a line, maybe behind a comment.
    mutating func endLine() throws(TOMLFile.Failure) {
        skipSpace()
        skipComment()
        if index >= bytes.count { return }
        if byte == 0x0D { index += 1 }
        guard byte == UInt8(ascii: "\n") else { throw failure("more behind a value or a table") }
    }

    // MARK: Keys and values

    private mutating func key() throws(TOMLFile.Failure) -> String {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try string() }
        let start = index
        while let byte, TOMLReader.isBare(byte) { index += 1 }
        if start == index { throw failure("no key where one is expected") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-")
    }

    private mutating func value() throws(TOMLFile.Failure) -> TOMLFile.Value {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "{"): return .table(try inlineTable())
        default: return try scalar()
        }
    }

    private mutating func array() throws(TOMLFile.Failure) -> [TOMLFile.Value] {
        try enter()
        defer { depth -= 1 }
        index += 1
        var values: [TOMLFile.Value] = []
        while true {
            skipSpaceAndLines()
            if take("]") { return values }
            values.append(try value())
            skipSpaceAndLines()
            if take("]") { return values }
            guard take(",") else { throw failure("an array without its ]") }
        }
    }

    private mutating func inlineTable() throws(TOMLFile.Failure) -> [TOMLFile.Entry] {
        try enter()
        defer { depth -= 1 }
        index += 1
        var entries: [TOMLFile.Entry] = []
        skipSpace()
        if take("}") { return entries }
        while true {
            skipSpace()
            let entry = try entry()
            if entries.contains(where: { $0.key == entry.key }) {
                throw failure("\(entry.key) stands twice")
            }
            entries.append(entry)
            skipSpace()
            if take("}") { return entries }
            guard take(",") else { throw failure("a table in braces without its }") }
        }
    }

    private mutating func enter() throws(TOMLFile.Failure) {
        depth += 1
        if depth > TOMLReader.maxDepth { throw failure("too many arrays in arrays") }
    }

    /// A number or a truth value.
    private mutating func scalar() throws(TOMLFile.Failure) -> TOMLFile.Value {
        let start = index
        while let byte, TOMLReader.isBare(byte) || byte == UInt8(ascii: "+") || byte == 0x2E {
            index += 1
        }
        let word = String(decoding: bytes[start..<index], as: UTF8.self)
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "": throw failure("no value where one is expected")
        default: break
        }
        let digits = word.filter { $0 != "_" }
        let unsigned = digits.drop { $0 == "+" || $0 == "-" }
        let isNumber =
            unsigned.first?.isNumber == true && unsigned.last?.isNumber == true
            && digits.utf8.allSatisfy {
                (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0)
            }
        if isNumber, let number = Int64(digits) { return .integer(number) }
        if isNumber, let number = Double(digits), number.isFinite { return .float(number) }
        throw failure("\(word) is no number, true or false; a text needs quotes")
    }

    // MARK: Strings

    private mutating func string() throws(TOMLFile.Failure) -> String {
        let quote = bytes[index]
        let isLiteral = quote == UInt8(ascii: "'")
        let isLong = bytes[index...].starts(with: [quote, quote, quote])
        let start = line
        index += isLong ? 3 : 1
        if isLong { skipLineEnd() }
        var text: [UInt8] = []
        while let byte {
            if byte == quote, !isLong || bytes[index...].starts(with: [quote, quote, quote]) {
                index += isLong ? 3 : 1
                return String(decoding: text, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\n") {
                if !isLong { break }
                line += 1
            }
            if byte == UInt8(ascii: "\\") && !isLiteral {
                try escape(into: &text, isLong: isLong)
            } else {
                text.append(byte)
                index += 1
            }
        }
        throw TOMLFile.Failure(line: start, message: "a string without its end")
    }

    private mutating func escape(
        into text: inout [UInt8], isLong: Bool
    ) throws(TOMLFile.Failure) {
        index += 1
        guard let byte else { throw failure("a string without its end") }
        if isLong && (byte == UInt8(ascii: "\n") || byte == 0x0D) {
            skipSpaceAndLines(comments: false)
            return
        }
        index += 1
        switch byte {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
        case UInt8(ascii: "u"): try scalarValue(digits: 4, into: &text)
        case UInt8(ascii: "U"): try scalarValue(digits: 8, into: &text)
        default:
            let character = Character(UnicodeScalar(byte))
            throw failure("\\\(character) in a string; write \\\\ for a backslash, or use '…'")
        }
    }

    private mutating func scalarValue(
        digits: Int, into text: inout [UInt8]
    ) throws(TOMLFile.Failure) {
        let hexadecimal = String(decoding: bytes[index...].prefix(digits), as: UTF8.self)
        guard hexadecimal.utf8.count == digits, hexadecimal.allSatisfy(\.isHexDigit),
            let number = UInt32(hexadecimal, radix: 16), let scalar = UnicodeScalar(number)
        else { throw failure("\\u without the number of a character") }
        text += Array(String(Character(scalar)).utf8)
        index += digits
    }

    // MARK: Blanks and comments

    private mutating func take(_ character: UnicodeScalar) -> Bool {
        guard byte == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { index += 1 }
    }

    private mutating func skipComment() {
        guard byte == UInt8(ascii: "#") else { return }
        while let byte, byte != UInt8(ascii: "\n") { index += 1 }
    }

    private mutating func skipLineEnd() {
        if byte == 0x0D { index += 1 }
        guard byte == UInt8(ascii: "\n") else { return }
        index += 1
        line += 1
    }

    private mutating func skipSpaceAndLines(comments: Bool = true) {
        while let byte {
            if byte == UInt8(ascii: "\n") {
                line += 1
            } else if comments && byte == UInt8(ascii: "#") {
                skipComment()
                continue
            } else if byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") && byte != 0x0D {
                return
            }
            index += 1
        }
    }
}
