/// Lines that a child wrote, made fit for a log.
enum OutputLines {
    /// The lines that are not blank, control bytes as `?`, 200 characters each.
    static func printable(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: ByteLines.lineFeed).map { line in
            let printable = line.filter { $0 != UInt8(ascii: "\r") }
                .map { $0 < 32 && $0 != 9 ? UInt8(ascii: "?") : $0 }
            return String(String(decoding: printable, as: UTF8.self).prefix(200))
        }.filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
