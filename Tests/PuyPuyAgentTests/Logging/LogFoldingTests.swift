import Logging
import Testing

@testable import PuyPuyAgent

@Suite struct LogFoldingTests {
    private var folding = LogFolding()

    private func event(
        _ message: String, _ level: Logger.Level = .warning, _ metadata: Logger.Metadata = [:]
    ) -> LogFolding.Event {
        LogFolding.Event(
            wallNs: 0, level: level, component: "c", message: message, metadata: metadata)
    }

    /// What is written for an event at a second.
    private mutating func write(
        _ second: Int64, _ message: String, _ level: Logger.Level = .warning,
        _ metadata: Logger.Metadata = [:]
    ) -> [String] {
        folding.fold(event(message, level, metadata), bootNs: second * 1_000_000_000).map(\.message)
    }

    @Test mutating func `repetitions are counted and summed up with the next event`() {
        #expect(write(0, "down") == ["down"])
        for second in 1..<52 { #expect(write(Int64(second), "down") == []) }
        #expect(write(59, "other") == ["other"])
        #expect(write(61, "another") == ["down (52 times in 60 s)", "another"])
        #expect(folding.flush().isEmpty)
    }

    @Test mutating func `after the window the event is written again`() {
        #expect(write(0, "down") == ["down"])
        #expect(write(60, "down") == ["down"])
        #expect(write(61, "down") == [])
        #expect(write(120, "down") == ["down (2 times in 60 s)", "down"])
    }

    @Test mutating func `a single event has no summary`() {
        #expect(write(0, "down") == ["down"])
        #expect(folding.flush().isEmpty)
    }

    @Test mutating func `names tell events apart, numbers do not`() {
        #expect(write(0, "failed", .error, ["check": "a", "attempt": "1"]) == ["failed"])
        #expect(write(1, "failed", .error, ["check": "b", "attempt": "1"]) == ["failed"])
        #expect(write(2, "failed", .error, ["check": "a", "attempt": "2"]) == [])
        #expect(write(3, "failed", .warning, ["check": "a", "attempt": "2"]) == ["failed"])
        let summaries = folding.flush()
        #expect(summaries.map(\.message) == ["failed (2 times in 60 s)"])
        #expect(summaries.first?.metadata == ["check": "a", "attempt": "2"])
    }

    @Test mutating func `debug events are not folded`() {
        for second in 0..<3 { #expect(write(Int64(second), "x", .debug) == ["x"]) }
    }

    @Test mutating func `memory is bounded and nothing is lost with it`() {
        var written = 0
        for round in 0..<2 {
            for number in 0..<1000 {
                written += write(Int64(round), "m\(number)").count
                written += write(Int64(round), "m\(number)").count
            }
        }
        let summaries = folding.flush().count
        #expect(summaries <= 256)
        // Each pair is one event and one summary.
        #expect(written + summaries == 4000)
    }
}
