internal import PuyPuyCore

/// How the versions of InfluxDB read the names in a line, and which names none of their lines can
/// express.
///
/// Sources: docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference, and where the
/// server differs, the server: the scanner in `models/points.go` of influxdb 1.6 and 2.7, and the
/// crate `influxdb_line_protocol` of 3.x.
enum LineDialect: Sendable, Hashable {
    case influxDB1
    case influxDB2
    case influxDB3

    /// Adds `metric` as it is on the wire.
    func append(measurement metric: String, to bytes: inout [UInt8]) {
        for byte in metric.utf8 {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: " "): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "\\") where escapesBackslashes: bytes.append(UInt8(ascii: "\\"))
            default: break
            }
            bytes.append(byte)
        }
    }

    /// Adds a tag's key or value as it is on the wire.
    func append(tag word: String, to bytes: inout [UInt8]) {
        for byte in word.utf8 {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "="):
                bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "\\") where escapesBackslashes: bytes.append(UInt8(ascii: "\\"))
            default: break
            }
            bytes.append(byte)
        }
    }

    /// 3.x reads `\\` as one backslash. To 1.x and 2.x it is two.
    private var escapesBackslashes: Bool { self == .influxDB3 }

    /// Why no line can express `series`, or `nil`.
    ///
    /// Such names are refused and not changed: two series must never become one.
    func refusal(of series: Series) -> String? {
        if let reason = refusal(of: series.metric, "metric") { return reason }
        switch series.metric.utf8.first {
        case UInt8(ascii: "#"): return "a metric that starts with # is a comment to InfluxDB"
        case 0, UInt8(ascii: "\t"):
            return "InfluxDB drops the white space that the metric starts with"
        default: break
        }
        if self == .influxDB3 {
            if series.metric.utf8.contains(0) {
                return "the metric holds a NUL, which InfluxDB cannot express"
            }
        } else if series.metric.contains("\\\"") {
            return "the metric holds a backslash before a quote, which InfluxDB drops"
        }
        for tag in series.tags.pairs {
            if reservedKeys.contains(tag.key) {
                return "InfluxDB takes no tag with the key \(tag.key)"
            }
            if let reason = refusal(of: tag.key, "tag key") { return reason }
            if let reason = refusal(of: tag.value, "value of tag \(tag.key)") { return reason }
        }
        return nil
    }

    /// 2.x keeps metric and field as tags with keys of its own.
    private var reservedKeys: [String] {
        switch self {
        case .influxDB1, .influxDB3: ["time"]
        case .influxDB2: ["time", "_measurement", "_field", "\0"]
        }
    }

    private func refusal(of word: String, _ what: String) -> String? {
        if word.isEmpty { return "the \(what) is empty" }
        if word.utf8.last == UInt8(ascii: "\\") {
            return "the \(what) ends in a backslash, which InfluxDB cannot express"
        }
        if word.utf8.contains(UInt8(ascii: "\n")) {
            return "the \(what) holds a newline, which InfluxDB cannot express"
        }
        switch self {
        case .influxDB1, .influxDB2:
            // There is no way to escape a backslash: it is itself unless a character follows that
            // can be escaped. Before a comma, a space or an equals sign the server's own scanners
            // disagree: in a metric it vanishes (before a quote, too), in a tag a quote further on
            // may then swallow the lines that follow.
            if zip(word.utf8, word.utf8.dropFirst()).contains(where: LineDialect.isTorn) {
                return "the \(what) holds a backslash before a comma, space or equals sign, "
                    + "which InfluxDB cannot express"
            }
        case .influxDB3:
            // A tab ends a name, and cannot be escaped.
            if word.utf8.contains(UInt8(ascii: "\t")) {
                return "the \(what) holds a tab, which InfluxDB cannot express"
            }
        }
        return nil
    }

    private static func isTorn(_ byte: UInt8, _ next: UInt8) -> Bool {
        byte == UInt8(ascii: "\\")
            && (next == UInt8(ascii: ",") || next == UInt8(ascii: " ") || next == UInt8(ascii: "="))
    }
}
