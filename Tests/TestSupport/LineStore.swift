internal import PuyPuyCore

/// The points that a stand-in of InfluxDB keeps, and the types of their fields.
struct LineStore {
    private var points: [Series: [Int64: StoredPoint]] = [:]
    private var holdsIntegers: [String: Bool] = [:]

    /// The metrics that have points.
    var metrics: Set<String> { Set(holdsIntegers.keys) }

    /// All points of a series in the order of time.
    var sorted: [Series: [StoredPoint]] {
        points.mapValues { $0.values.sorted { $0.timestampNs < $1.timestampNs } }
    }

    /// The type that the metric has, when `line` has another one.
    func typeThatConflicts(with line: StrictLine) -> String? {
        guard let isInteger = holdsIntegers[line.series.metric],
            isInteger != (line.integer != nil)
        else { return nil }
        return isInteger ? "integer" : "float"
    }

    /// Keeps the point of `line`, in place of one at the same time.
    mutating func keep(_ line: StrictLine, atNs timestampNs: Int64) {
        holdsIntegers[line.series.metric] = line.integer != nil
        let whole = line.integer ?? Int64(exactly: line.value)
        points[line.series, default: [:]][timestampNs] = StoredPoint(
            timestampNs: timestampNs, value: line.value, integer: whole)
    }
}

/// `text` as a JSON string, escaped as Go's encoder escapes it.
func jsonString(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case "\n": json += "\\n"
        case "\r": json += "\\r"
        case "\t": json += "\\t"
        case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..."\u{1f}":
            let digits = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}

/// The value of `key` in the query of `target`, decoded; `nil` when it is not there.
func queryValue(_ key: String, in target: String) -> String? {
    guard let start = target.firstIndex(of: "?") else { return nil }
    for pair in target[target.index(after: start)...].split(separator: "&") {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == key else { continue }
        var bytes: [UInt8] = []
        var rest = Array(parts[1].utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 32 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
    return nil
}
