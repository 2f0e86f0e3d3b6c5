internal import Synchronization

/// How far a command has come, on one line of standard error: drawn again and again on a terminal,
/// not at all elsewhere.
struct ProgressLine {
    private let words: String
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant?

    /// A line that begins with `words`; nothing is drawn yet.
    init(_ words: String) { self.words = words }

    /// Shows `part`, from 0 to 1, when the last one has stood for some time.
    mutating func show(_ part: Double) {
        guard Terminal.showsProgress else { return }
        let now = ContinuousClock.now
        if let shown, now - shown < .milliseconds(200) { return }
        shown = now
        let passed = (now - start) / .seconds(1)
        var line = "\(words) \(Int(min(1, part) * 100))%"
        if part > 0.01, passed > 1 {
            line += "  \(Readable.duration(seconds: passed / part - passed)) left"
        }
        Terminal.errorStatus(line)
    }

    /// Takes the line away.
    func clear() {
        if shown != nil { Terminal.errorStatus("") }
    }
}

/// A progress line that several threads may draw, one after the other.
final class SharedProgress: Sendable {
    private let line: Mutex<ProgressLine>

    /// A line that begins with `words`; nothing is drawn yet.
    init(_ words: String) { line = Mutex(ProgressLine(words)) }

    /// Shows `part`, from 0 to 1.
    func show(_ part: Double) { line.withLock { $0.show(part) } }

    /// Takes the line away.
    func clear() { line.withLock { $0.clear() } }
}
