public import PuyPuyCore

/// One line in the line protocol of InfluxDB, as resident programs print them:
/// `measurement,tag=text field=1.5,other=2i 1700000000000000000`.
///
/// Each field is a point. The field `value` has the name of the measurement; any other one is
/// behind it with an underscore. Backslashes go before commas, blanks and equal signs in names and
/// tags. The time is in nanoseconds and may be missing.
public struct MetricLine: Sendable, Equatable {
    /// A field as a point.
    public struct Field: Sendable, Equatable {
        /// The metric.
        public let metric: String
        /// The field's number.
        public let value: Value
    }

    /// The tag `type`, else `untyped`.
    public let type: String
    /// The other tags.
    public let tags: Tags
    /// The fields that are numbers, in their order.
    public let fields: [Field]
    /// Fields that are no numbers, by the name of their metric.
    public let refused: [String]
    /// Nanoseconds since the epoch; `nil` without a time.
    public let timestampNs: Int64?

    /// Why a line cannot be read.
    public struct Problem: Error, Equatable {
        /// The measurement, as much of it as could be read.
        public let metric: String
        /// What is wrong, as a clause.
        public let words: String
    }

    /// Reads a line without its line feed. `nil` for blank lines and comments.
    public static func parse(_ line: ArraySlice<UInt8>) throws(Problem) -> MetricLine? {
        var line = line
        while let last = line.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: " ") {
            line = line.dropLast()
        }
        guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
        guard String(validating: line, as: UTF8.self) != nil else {
            throw Problem(metric: "", words: "it is not text")
        }
        let words = split(line, at: UInt8(ascii: " "), respectingQuotes: true).filter {
            !$0.isEmpty
        }
        let head = split(words[0], at: UInt8(ascii: ","), respectingQuotes: false)
        let measurement = plain(head[0])
        guard !measurement.isEmpty else { throw Problem(metric: "", words: "it has no name") }
        guard words.count > 1 else { throw Problem(metric: measurement, words: "it has no value") }
        guard words.count < 4 else {
            throw Problem(metric: measurement, words: "it has more than three parts")
        }
        var tags: [(key: String, value: String)] = []
        var type = "untyped"
        for word in head.dropFirst() {
            guard let (key, text) = pair(word), !key.isEmpty else {
                throw Problem(
                    metric: measurement, words: "\"\(plain(word).prefix(40))\" is not tag=text")
            }
            if key == "type" { type = plain(text) } else { tags.append((key, plain(text))) }
        }
        var fields: [Field] = []
        var refused: [String] = []
        for word in split(words[1], at: UInt8(ascii: ","), respectingQuotes: true) {
            guard let (key, text) = pair(word), !key.isEmpty else {
                throw Problem(
                    metric: measurement, words: "\"\(plain(word).prefix(40))\" is not field=number")
            }
            let metric = key == "value" ? measurement : "\(measurement)_\(key)"
            if let value = number(text) {
                fields.append(Field(metric: metric, value: value))
            } else {
                refused.append(metric)
            }
        }
        var timestampNs: Int64?
        if words.count == 3 {
            timestampNs = Int64(words[2].text)
            if timestampNs == nil {
                throw Problem(
                    metric: measurement,
                    words: "\"\(words[2].prefix(40).text)\" is not a time in nanoseconds")
            }
        }
        return MetricLine(
            type: type, tags: Tags(tags), fields: fields, refused: refused,
            timestampNs: timestampNs)
    }

    /// `1.5`, `3i`, `3u`. Truth values and text are no numbers.
    private static func number(_ text: ArraySlice<UInt8>) -> Value? {
        if let last = text.last, last == UInt8(ascii: "i") || last == UInt8(ascii: "u") {
            return Int64(text.dropLast().text).map { .integer($0) }
        }
        guard case let value? = Value(decimal: text) else { return nil }
        // Without its i a number is a float, however it is written.
        return .double(value.asDouble)
    }

    private static func pair(_ word: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
        let parts = split(word, at: UInt8(ascii: "="), respectingQuotes: false)
        guard parts.count > 1 else { return nil }
        return (plain(parts[0]), word[parts[1].startIndex...])
    }

    private static func split(
        _ text: ArraySlice<UInt8>, at separator: UInt8, respectingQuotes: Bool
    ) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = text.startIndex
        var isEscaped = false
        var isQuoted = false
        for index in text.indices {
            let byte = text[index]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") && respectingQuotes {
                isQuoted.toggle()
            } else if byte == separator && !isQuoted {
                parts.append(text[start..<index])
                start = index + 1
            }
        }
        return parts + [text[start...]]
    }

    private static func plain(_ word: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in word {
            let isMark = byte == UInt8(ascii: "\\") && !isEscaped
            if isMark {
                isEscaped = true
                continue
            }
            // A backslash before anything else is a backslash.
            if isEscaped
                && ![UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "=")].contains(byte)
            {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
            isEscaped = false
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
