internal import Glibc
internal import Logging

/// The text of one event:
/// `2026-11-23T20:15:03.123Z warning sender: message key=value key="value with spaces"`.
///
/// An event is one line whatever its message and values hold: control characters, and those that
/// break or reorder lines, are shown as escapes.
enum LogLine {
    /// The longest line, in characters. More is cut, so that one event cannot fill a disk.
    private static let lengthLimit = 16_384

    /// The line, without its end.
    static func text(
        wallNs: Int64, level: Logger.Level, component: String, message: String,
        metadata: Logger.Metadata
    ) -> String {
        var line = timestamp(wallNs: wallNs)
        line += " \(level.rawValue) \(escapingControls(component)): \(escapingControls(message))"
        line += fields(metadata)
        if line.unicodeScalars.count > lengthLimit {
            line = String(line.unicodeScalars.prefix(lengthLimit)) + "…"
        }
        return line
    }

    /// ` key=value` for each pair, sorted by key.
    static func fields(_ metadata: Logger.Metadata) -> String {
        var text = ""
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            text += " \(word(key))=\(word(value.description))"
        }
        return text
    }

    /// `text` on one line: control characters as `\n`, `\t`, `\u{1b}`.
    static func escapingControls(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars { append(scalar, to: &escaped) }
        return escaped
    }

    /// UTC with milliseconds: `2026-11-23T20:15:03.123Z`.
    static func timestamp(wallNs: Int64) -> String {
        let milliseconds = wallNs >= 0 ? wallNs / 1_000_000 : (wallNs - 999_999) / 1_000_000
        var rest = milliseconds % 1000
        if rest < 0 { rest += 1000 }
        var seconds = time_t((milliseconds - rest) / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return padded(Int(parts.tm_year) + 1900, 4) + "-" + padded(Int(parts.tm_mon) + 1, 2) + "-"
            + padded(Int(parts.tm_mday), 2) + "T" + padded(Int(parts.tm_hour), 2) + ":"
            + padded(Int(parts.tm_min), 2) + ":" + padded(Int(parts.tm_sec), 2) + "."
            + padded(Int(rest), 3) + "Z"
    }

    /// A key or a value: as it is, or in quotes when it could be misread otherwise.
    private static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && !text.unicodeScalars.contains {
                $0 == " " || $0 == "=" || $0 == "\"" || $0 == "\\" || isControl($0)
            }
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            append(scalar, to: &quoted)
        }
        return quoted + "\""
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case _ where isControl(scalar): text += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: text.unicodeScalars.append(scalar)
        }
    }

    /// C0, DEL and C1, the line and paragraph separators, and what changes the direction of text.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
