internal import PuyPuyCore

/// One line of InfluxDB's line protocol, read as strictly as the servers read it: the oracle of the
/// stand-ins.
///
/// PuyPuy's lines have one field, `value`, and a time; a line without them is refused.
struct StrictLine {
    /// Why a line is refused, in the server's words.
    struct Fault: Error {
        let words: String
    }

    /// Which server reads.
    enum Reader {
        /// The scanner of 1.x and 2.x, in Go.
        case influxDB2
        /// The parser of 3.x, in Rust.
        case influxDB3
    }

    private(set) var series = Series(metric: "")
    private(set) var value = 0.0
    private(set) var integer: Int64?
    /// In the unit of the request.
    private(set) var time: Int64 = 0

    private let reader: Reader
    private var rest: ArraySlice<UInt8>

    init(_ line: ArraySlice<UInt8>, as reader: Reader) throws(Fault) {
        self.reader = reader
        rest = line
        let metric = try word(until: ", ", escaped: ", ")
        guard !metric.isEmpty else {
            throw fault("missing measurement", "Invalid measurement was provided")
        }
        var tags: [(key: String, value: String)] = []
        while take(",") {
            let key = try word(until: "=", escaped: ",= ")
            guard !key.isEmpty, take("=") else {
                throw fault("missing tag key", "Expected tag key")
            }
            let value = try word(until: ", ", escaped: ",= ")
            guard !value.isEmpty else { throw fault("missing tag value", "Expected tag value") }
            guard !reserved.contains(key) else {
                throw fault(
                    "cannot use reserved tag key \"\(key)\"",
                    "invalid column type for column 'time', expected iox::column_type::timestamp, "
                        + "got iox::column_type::tag")
            }
            guard !tags.contains(where: { $0.key == key }) else {
                throw fault("duplicate tags", "the tag '\(key)' is there twice")
            }
            tags.append((key, value))
        }
        guard take(" ") else {
            throw fault("missing fields", "Expected at least one space character")
        }
        series = Series(metric: metric, tags: Tags(tags))
        guard try word(until: "= ", escaped: ",= ") == "value", take("=") else {
            throw fault("missing fields", "No fields were provided")
        }
        if reader == .influxDB3 && tags.contains(where: { $0.key == "value" }) {
            throw Fault(
                words: "invalid column type for column 'value', expected iox::column_type::tag, "
                    + "got iox::column_type::field::float")
        }
        try readNumber()
        guard take(" "), let time = Int64(String(decoding: rest, as: UTF8.self)) else {
            throw fault("bad timestamp", "Could not parse entire line")
        }
        self.time = time
    }

    private var reserved: [String] {
        reader == .influxDB2 ? ["time", "_measurement", "_field"] : ["time"]
    }

    private func fault(_ inGo: String, _ inRust: String) -> Fault {
        Fault(words: reader == .influxDB2 ? inGo : inRust)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// What comes before an unescaped character of `ends`. A backslash goes away before a character
    /// of `escaped`, and in 3.x before itself.
    private mutating func word(until ends: String, escaped: String) throws(Fault) -> String {
        var bytes: [UInt8] = []
        while let byte = rest.first, !ends.utf8.contains(byte) {
            rest.removeFirst()
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                if reader == .influxDB3 && (byte == 9 || byte == 32) {
                    throw Fault(words: "Expected at least one space character")
                }
                bytes.append(byte)
                continue
            }
            if escaped.utf8.contains(next) {
                rest.removeFirst()
                bytes.append(next)
            } else if reader == .influxDB3 {
                rest.removeFirst()
                if next != byte { bytes.append(byte) }
                bytes.append(next)
            } else {
                bytes.append(byte)
            }
        }
        if bytes.last == UInt8(ascii: "\\") && reader == .influxDB3 {
            throw Fault(words: "ends with backslash")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func readNumber() throws(Fault) {
        var text = String(decoding: rest.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        rest = rest.dropFirst(text.utf8.count)
        let isInteger = text.hasSuffix("i")
        if isInteger { text.removeLast() }
        let allowed = Set(isInteger ? "-0123456789".utf8 : "-+.eE0123456789".utf8)
        guard text.utf8.allSatisfy(allowed.contains), let value = Double(text), value.isFinite
        else {
            throw fault("invalid number", "No fields were provided")
        }
        self.value = value
        if isInteger {
            guard let integer = Int64(text) else {
                throw fault("unable to parse integer \(text)", "Unable to parse integer value")
            }
            self.integer = integer
        }
    }
}
