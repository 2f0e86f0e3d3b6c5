internal import PuyPuyCore

/// What a Nagios plugin printed: `text | label=value[unit];warn;crit;min;max ...`.
///
/// Performance data may also stand behind a `|` in later lines. Labels with blanks are in single
/// quotes.
struct NagiosOutput: Equatable {
    /// One label with its figures.
    struct Performance: Equatable {
        let label: String
        /// In seconds, bytes, percent, or as it is.
        let value: Value
        /// `s`, `B`, `%`, `c` for a counter, or another word; empty without one.
        let unit: String
        /// The limits that are plain numbers, in the unit of `value`: `warn`, `crit`, `min`, `max`.
        let limits: [String: Value]
    }

    /// What is for people, on one line.
    let text: String
    let performance: [Performance]
    /// Labels whose value is no number.
    let unreadable: [String]

    /// Reads what was printed.
    init(_ output: [UInt8]) {
        var texts: [String] = []
        var data = ""
        var isData = false
        var lines = ByteLines(output[...])
        while let line = lines.next() {
            let parts = line.text.filter { $0 != "\r" }.split(
                separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            if isData {
                // From a second bar on, all that follows is data.
                data += " " + line.text
                continue
            }
            texts.append(String(parts[0]))
            if parts.count > 1 {
                isData = texts.count > 1
                data += " " + parts[1]
            }
        }
        text = texts.map(NagiosOutput.trimmed).filter { !$0.isEmpty }.joined(separator: " ")
        var found: [Performance] = []
        var bad: [String] = []
        for (label, figures) in NagiosOutput.pairs(data) {
            if let performance = NagiosOutput.performance(label, figures) {
                found.append(performance)
            } else if figures.first != "U" {
                // U stands for a value that could not be measured.
                bad.append(label)
            }
        }
        performance = found
        unreadable = bad
    }

    private static func trimmed(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Labels with what stands behind their equal sign.
    private static func pairs(_ data: String) -> [(label: String, figures: String)] {
        var pairs: [(label: String, figures: String)] = []
        var rest = data[...]
        while true {
            rest = rest.drop(while: \.isWhitespace)
            if rest.isEmpty { return pairs }
            var label = ""
            if rest.first == "'" {
                rest = rest.dropFirst()
                while let character = rest.popFirst() {
                    if character != "'" {
                        label.append(character)
                    } else if rest.first == "'" {
                        // Two quotes are one.
                        label.append("'")
                        rest = rest.dropFirst()
                    } else {
                        break
                    }
                }
            } else {
                label = String(rest.prefix { $0 != "=" && !$0.isWhitespace })
                rest = rest.dropFirst(label.count)
            }
            guard rest.first == "=" else {
                rest = rest.drop { !$0.isWhitespace }
                if !label.isEmpty { pairs.append((label, "")) }
                continue
            }
            let figures = rest.dropFirst().prefix { !$0.isWhitespace }
            rest = rest.dropFirst(figures.count + 1)
            pairs.append((label, String(figures)))
        }
    }

    private static func performance(_ label: String, _ figures: String) -> Performance? {
        let parts = figures.split(separator: ";", omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        let digits = first.prefix { $0.isNumber || "+-.,".contains($0) }
        let (unit, factor) = unit(String(first.dropFirst(digits.count)))
        guard let value = scaled(digits, factor) else { return nil }
        var limits: [String: Value] = [:]
        for (name, part) in zip(["warn", "crit", "min", "max"], parts.dropFirst()) {
            // A range such as 10:20 has no one number.
            if let limit = scaled(part, factor) { limits[name] = limit }
        }
        return Performance(label: label, value: value, unit: unit, limits: limits)
    }

    private static func scaled(_ digits: Substring, _ factor: Double) -> Value? {
        // Some plugins print a decimal comma.
        let text = Array(digits.map { $0 == "," ? "." : $0 }.map(String.init).joined().utf8)
        guard let value = Value(decimal: text[...]), value.isFinite else { return nil }
        // A number that is finite in its own unit may be too large for a double in another.
        return factor == 1 ? value : Value(value.asDouble * factor)
    }

    /// Seconds and bytes are told in one unit each.
    private static func unit(_ word: String) -> (String, Double) {
        switch word {
        case "ms": ("s", 1e-3)
        case "us": ("s", 1e-6)
        case "ns": ("s", 1e-9)
        case "KB": ("B", 1024)
        case "MB": ("B", 1_048_576)
        case "GB": ("B", 1_073_741_824)
        case "TB": ("B", 1_099_511_627_776)
        default: (word, 1)
        }
    }
}
