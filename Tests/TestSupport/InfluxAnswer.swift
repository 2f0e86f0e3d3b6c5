internal import Glibc
internal import PuyPuyCore

/// A point as the database gives it back.
public struct StoredPoint: Sendable, Hashable {
    /// Nanoseconds since the epoch.
    public let timestampNs: Int64
    /// The value, bit for bit: `-0` comes back as `-0.0`.
    public let value: Double
    /// The exact value when it is a whole number that an `Int64` holds.
    public let integer: Int64?

    /// A point.
    public init(timestampNs: Int64, value: Double, integer: Int64?) {
        self.timestampNs = timestampNs
        self.value = value
        self.integer = integer
    }
}

/// Reads the JSON answer of InfluxDB's `/query` (epoch=ns) into series and points.
///
/// Numbers are read from their text by strtoll(3) and strtod(3), so nothing is rounded. A million
/// points take some seconds without optimisation, most of them in the server.
struct InfluxAnswer {
    /// Per series, its points: of a row the first column (time) and the second.
    private(set) var series: [Series: [StoredPoint]] = [:]
    /// The error that the server gave, for the whole or for a statement.
    private(set) var error: String?

    private var cursor: UnsafePointer<CChar>

    /// Reads `body`. Throws when it is not of the form that InfluxDB 1.x gives.
    static func read(_ body: [UInt8]) throws(TestSupportError) -> InfluxAnswer {
        let terminated = body + [0]
        let result: Result<InfluxAnswer, TestSupportError> = terminated.withUnsafeBytes { bytes in
            var answer = InfluxAnswer(
                cursor: bytes.baseAddress!.assumingMemoryBound(to: CChar.self))
            do throws(TestSupportError) {
                try answer.value(under: "")
                return .success(answer)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private init(cursor: UnsafePointer<CChar>) { self.cursor = cursor }

    private var next: UInt8 { UInt8(bitPattern: cursor.pointee) }

    private mutating func skipSpace() {
        while next == 32 || next == 10 || next == 13 || next == 9 { cursor += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        cursor += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(TestSupportError) {
        guard take(character) else {
            let rest = String(cString: cursor).prefix(60)
            throw TestSupportError("no JSON: \(character) expected before \(rest)")
        }
    }

    /// Any value; series are picked up where they are found.
    private mutating func value(under key: String) throws(TestSupportError) {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            if key == "series" { try oneSeries() } else { try object(key) }
        case UInt8(ascii: "["):
            cursor += 1
            if take("]") { return }
            repeat { try value(under: key) } while take(",")
            try expect("]")
        case UInt8(ascii: "\""):
            let text = try string()
            if key == "error" { error = text }
        default: try scalar()
        }
    }

    private mutating func object(_ key: String) throws(TestSupportError) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try value(under: key)
        } while take(",")
        try expect("}")
    }

    private mutating func oneSeries() throws(TestSupportError) {
        var name = ""
        var tags: [(key: String, value: String)] = []
        var points: [StoredPoint] = []
        try expect("{")
        repeat {
            let key = try string()
            try expect(":")
            switch key {
            case "name": name = try string()
            case "tags": tags = try pairs()
            case "values": points = try rows()
            default: try value(under: key)
            }
        } while take(",")
        try expect("}")
        series[Series(metric: name, tags: Tags(tags)), default: []] += points
    }

    private mutating func pairs() throws(TestSupportError) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        try expect("{")
        if take("}") { return [] }
        repeat {
            let key = try string()
            try expect(":")
            pairs.append((key, try string()))
        } while take(",")
        try expect("}")
        return pairs
    }

    private mutating func rows() throws(TestSupportError) -> [StoredPoint] {
        var rows: [StoredPoint] = []
        try expect("[")
        if take("]") { return [] }
        repeat {
            try expect("[")
            skipSpace()
            var end: UnsafeMutablePointer<CChar>?
            let isText = next == UInt8(ascii: "\"")
            let time = strtoll(cursor, &end, 10)
            if isText { _ = try string() } else { cursor = UnsafePointer(end!) }
            if take(",") {
                skipSpace()
                let start = cursor
                let value = strtod(start, &end)
                if UnsafePointer(end!) == start {
                    try self.value(under: "column")
                } else {
                    cursor = UnsafePointer(end!)
                    rows.append(
                        StoredPoint(
                            timestampNs: time, value: value,
                            integer: InfluxAnswer.integer(start, end: cursor)))
                }
            }
            while take(",") { try value(under: "column") }
            try expect("]")
        } while take(",")
        try expect("]")
        return rows
    }

    private static func integer(
        _ start: UnsafePointer<CChar>, end: UnsafePointer<CChar>
    ) -> Int64? {
        var stop: UnsafeMutablePointer<CChar>?
        errno = 0
        let integer = strtoll(start, &stop, 10)
        return UnsafePointer(stop!) == end && errno == 0 ? Int64(integer) : nil
    }

    private mutating func scalar() throws(TestSupportError) {
        let start = cursor
        while next != 0 && next != UInt8(ascii: ",") && next != UInt8(ascii: "]")
            && next != UInt8(ascii: "}")
        { cursor += 1 }
        if cursor == start { throw TestSupportError("no JSON: it ends early") }
    }

    private mutating func string() throws(TestSupportError) -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        while next != UInt8(ascii: "\"") {
            guard next != 0 else { throw TestSupportError("no JSON: a string without end") }
            if next != UInt8(ascii: "\\") {
                bytes.append(next)
                cursor += 1
                continue
            }
            cursor += 1
            let letter = next
            cursor += 1
            switch letter {
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "b"): bytes.append(8)
            case UInt8(ascii: "f"): bytes.append(12)
            case UInt8(ascii: "u"): bytes += try scalarOfEscape().utf8
            default: bytes.append(letter)
            }
        }
        cursor += 1
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func scalarOfEscape() throws(TestSupportError) -> String {
        let high = try fourDigits()
        var units = [high]
        if UTF16.isLeadSurrogate(high), next == UInt8(ascii: "\\") {
            cursor += 2
            units.append(try fourDigits())
        }
        return String(decoding: units, as: UTF16.self)
    }

    private mutating func fourDigits() throws(TestSupportError) -> UInt16 {
        var text = ""
        for _ in 0..<4 {
            text.unicodeScalars.append(Unicode.Scalar(next))
            cursor += 1
        }
        guard let unit = UInt16(text, radix: 16) else {
            throw TestSupportError("no JSON: \\u\(text)")
        }
        return unit
    }
}
