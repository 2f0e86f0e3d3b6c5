/// Writes CSV: RFC 4180.
enum CSVText {
    /// A field: quoted when it holds what would end it.
    static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains {
            [UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n")]
                .contains($0)
        }
        guard needsQuotes else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// A record of `texts`, with its line end.
    static func record(_ texts: [String]) -> String {
        texts.map(field).joined(separator: ",") + "\r\n"
    }
}
