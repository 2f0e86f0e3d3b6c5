/// Names as Prometheus has them (https://prometheus.io/docs/concepts/data_model/).
enum ExpositionName {
    /// A metric's name in `[a-zA-Z_:][a-zA-Z0-9_:]*`: every other character becomes `_`, and a digit
    /// at the start gets one in front.
    static func metric(_ name: String) -> String { mapped(name, colons: true) }

    /// A label's name in `[a-zA-Z_][a-zA-Z0-9_]*`, by the same rule. Names that start with two
    /// underscores are Prometheus's own, so only one of them stays.
    static func label(_ name: String) -> String {
        let label = mapped(name, colons: false)
        guard label.hasPrefix("__") else { return label }
        return "_" + label.drop { $0 == "_" }
    }

    /// Whether Prometheus takes the end of `name` for that of a counter, a histogram or a summary.
    /// What such a metric is cannot be said from here, so its type is left open.
    static func isReserved(_ name: String) -> Bool {
        ["_total", "_count", "_sum", "_bucket"].contains { name.hasSuffix($0) }
    }

    private static func mapped(_ name: String, colons: Bool) -> String {
        if isMapped(name, colons: colons) { return name }
        var text = ""
        for scalar in name.unicodeScalars {
            let stays =
                scalar.isASCII && isAllowed(UInt8(truncatingIfNeeded: scalar.value), colons: colons)
            text.unicodeScalars.append(stays ? scalar : "_")
        }
        guard let first = text.utf8.first, !isDigit(first) else { return "_" + text }
        return text
    }

    private static func isMapped(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { isAllowed($0, colons: colons) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isAllowed(_ byte: UInt8, colons: Bool) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "_") || colons && byte == UInt8(ascii: ":")
    }
}
