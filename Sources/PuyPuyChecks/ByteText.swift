internal import PuyPuyCore

/// The lines of a text in bytes, without their line feeds. A final line feed ends no further line.
struct ByteLines: IteratorProtocol {
    /// The byte that ends a line.
    static let lineFeed = UInt8(ascii: "\n")

    private var rest: ArraySlice<UInt8>

    /// The lines of `text`.
    init(_ text: ArraySlice<UInt8>) { rest = text }

    /// The next line.
    mutating func next() -> ArraySlice<UInt8>? {
        if rest.isEmpty { return nil }
        guard let end = rest.firstIndex(of: ByteLines.lineFeed) else {
            defer { rest = rest[rest.endIndex...] }
            return rest
        }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }
}

/// The words of a line in bytes: what spaces and tabs keep apart.
struct ByteWords: IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    /// The words of `line`.
    init(_ line: ArraySlice<UInt8>) { rest = line }

    /// The next word, never empty.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let start = rest.firstIndex(where: { !ByteWords.isBlank($0) }) else { return nil }
        let end = rest[start...].firstIndex(where: ByteWords.isBlank) ?? rest.endIndex
        defer { rest = rest[end...] }
        return rest[start..<end]
    }

    /// The word that comes after `count` others.
    mutating func next(after count: Int) -> ArraySlice<UInt8>? {
        for _ in 0..<count where next() == nil { return nil }
        return next()
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == ByteLines.lineFeed
    }
}

extension ArraySlice<UInt8> {
    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// True when the bytes are exactly those of `text`.
    func equals(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { elementsEqual($0) }
    }

    /// True when the bytes begin with those of `text`.
    func begins(with text: StaticString) -> Bool {
        text.withUTF8Buffer { starts(with: $0) }
    }
}

extension FixedWidthInteger {
    /// The number that `digits` write in base `radix` (2 to 16), or `nil`: no sign, nothing else,
    /// no overflow.
    init?(digits: ArraySlice<UInt8>, radix: Self = 10) {
        if digits.isEmpty { return nil }
        var number: Self = 0
        for byte in digits {
            let digit: Self
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = Self(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = Self(byte - UInt8(ascii: "A") + 10)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = Self(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
            guard digit < radix else { return nil }
            let (shifted, tooLarge) = number.multipliedReportingOverflow(by: radix)
            let (sum, overflow) = shifted.addingReportingOverflow(digit)
            if tooLarge || overflow { return nil }
            number = sum
        }
        self = number
    }
}

extension Value {
    /// A counter of the kernel, up to 64 bits unsigned; over 2^63 it is rounded.
    init?(counter digits: ArraySlice<UInt8>) {
        if let integer = Int64(digits: digits) {
            self = .integer(integer)
        } else if let large = UInt64(digits: digits) {
            self = .double(Double(large))
        } else {
            return nil
        }
    }
}

extension Double {
    /// Rounded to two decimals.
    var roundedToHundredths: Double { (self * 100).rounded() / 100 }
}
