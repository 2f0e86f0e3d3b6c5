import Logging
import Testing

@testable import PuyPuyAgent

@Suite struct LogLineTests {
    @Test(arguments: [
        (Int64(1_795_464_903_123_456_789), "2026-11-23T20:15:03.123Z"),
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
    ])
    func `the time is UTC with milliseconds`(_ wallNs: Int64, _ expected: String) {
        #expect(LogLine.timestamp(wallNs: wallNs) == expected)
    }

    @Test func `a line has time, level, component, message and sorted pairs`() {
        let line = LogLine.text(
            wallNs: 0, level: .warning, component: "sender", message: "no connection",
            metadata: ["wait": "1 s", "backend": "default", "attempt": "3"])
        #expect(
            line == "1970-01-01T00:00:00.000Z warning sender: no connection attempt=3 "
                + "backend=default wait=\"1 s\"")
    }

    @Test(arguments: [
        ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""), ("say \"a\"", "\"say \\\"a\\\"\""),
        ("a\\b", "\"a\\\\b\""), ("a\nb", "\"a\\nb\""), ("\u{1B}[31m", "\"\\u{1b}[31m\""),
        ("a\u{2028}b", "\"a\\u{2028}b\""), ("\u{202E}a", "\"\\u{202e}a\""), ("é✓", "é✓"),
        ("a\r\nb", "\"a\\r\\nb\""), ("\u{85}", "\"\\u{85}\""),
    ])
    func `a value cannot be misread, nor break the line`(_ value: String, _ expected: String) {
        #expect(LogLine.fields(["k": "\(value)"]) == " k=\(expected)")
    }

    @Test func `a message cannot forge a second line`() {
        let line = LogLine.text(
            wallNs: 0, level: .info, component: "a\nb", message: "one\r\ntwo\u{0}", metadata: [:])
        #expect(line == "1970-01-01T00:00:00.000Z info a\\nb: one\\r\\ntwo\\u{0}")
    }

    @Test func `a line has an end`() {
        let line = LogLine.text(
            wallNs: 0, level: .info, component: "c",
            message: String(repeating: "a", count: 1_000_000), metadata: [:])
        #expect(line.utf8.count < 20_000)
        #expect(line.hasSuffix("…"))
    }

    @Test(arguments: zip(Logger.Level.allCases, ["7", "7", "6", "5", "4", "3", "2"]))
    func `the journal gets a priority`(_ level: Logger.Level, _ priority: String) {
        #expect(
            LogLine.dressed("line", level: level, hasPriority: true, hasColour: true)
                == "<\(priority)>line")
    }

    @Test func `a terminal gets a coloured level`() {
        #expect(
            LogLine.dressed("t error c: error ", level: .error, hasPriority: false, hasColour: true)
                == "t \u{1B}[31merror\u{1B}[0m c: error ")
        #expect(
            LogLine.dressed("t info c", level: .info, hasPriority: false, hasColour: true)
                == "t info c")
    }
}
