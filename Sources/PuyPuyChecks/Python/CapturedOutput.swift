/// The beginning of what a module or a program wrote, and how much it was in all.
struct CapturedOutput: Sendable {
    /// As many bytes are kept; the rest is read and dropped, so that nobody blocks.
    static let limitBytes = 16_384

    /// The bytes that are kept.
    private(set) var kept: [UInt8] = []
    /// All bytes.
    private(set) var totalBytes = 0

    /// Adds what was read.
    mutating func append(_ piece: some Collection<UInt8>) {
        totalBytes += piece.count
        let room = CapturedOutput.limitBytes - kept.count
        if room > 0 { kept.append(contentsOf: piece.prefix(room)) }
    }

    /// The lines that are not blank, control bytes as `?`, 200 characters each.
    var lines: [String] { OutputLines.printable(kept) }
}
