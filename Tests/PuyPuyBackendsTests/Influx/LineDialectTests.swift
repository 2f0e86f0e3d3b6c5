import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct LineDialectTests {
    static func text(_ point: Point, for dialect: LineDialect) -> String {
        LineProtocolTests.text(LineProtocolTests.encode([point], for: dialect))
    }

    @Test(arguments: [
        (#"a\b"#, #"a\\b value=1 1"#), (#"a\,b"#, #"a\\\,b value=1 1"#),
        (#"a\ b"#, #"a\\\ b value=1 1"#), (#"a\\b"#, #"a\\\\b value=1 1"#),
        (#"a\"b"#, #"a\\"b value=1 1"#), ("a=b", "a=b value=1 1"),
    ]) func `3 reads two backslashes as one`(metric: String, line: String) {
        #expect(Self.text(LineProtocolTests.point(metric), for: .influxDB3) == line + "\n")
    }

    @Test func `3 takes a backslash before what is escaped in a tag`() {
        let point = LineProtocolTests.point("m", [#"k\,="#: #"v\ ="#])
        #expect(
            Self.text(point, for: .influxDB3) == #"m,k\\\,\==v\\\ \= value=1 1"# + "\n")
        #expect(Self.text(point, for: .influxDB2) == "")
    }

    @Test(arguments: [
        (LineDialect.influxDB3, LineProtocolTests.point("a\tb"), "a tab"),
        (.influxDB3, LineProtocolTests.point("m", ["k": "a\tb"]), "a tab"),
        (.influxDB3, LineProtocolTests.point(#"m\"#), "ends in a backslash"),
        (.influxDB3, LineProtocolTests.point("a\0b"), "a NUL"),
        (.influxDB3, LineProtocolTests.point("#m"), "a comment"),
        (.influxDB3, LineProtocolTests.point("m", ["time": "1"]), "key time"),
        (.influxDB3, LineProtocolTests.point("m", ["k": "a\nb"]), "a newline"),
        (.influxDB2, LineProtocolTests.point("m", ["_field": "1"]), "key _field"),
        (.influxDB2, LineProtocolTests.point("m", ["_measurement": "1"]), "key _measurement"),
        (.influxDB2, LineProtocolTests.point("m", ["time": "1"]), "key time"),
        (.influxDB2, LineProtocolTests.point(#"a\"b"#), "backslash before a quote"),
    ]) func `what a version cannot express is refused with the reason`(
        dialect: LineDialect, point: Point, words: String
    ) {
        let lines = LineProtocolTests.encode([point], for: dialect)
        #expect(lines.count == 0)
        #expect(lines.rejections.first?.reason.contains(words) == true)
    }

    @Test func `what only another version reserves is sent`() {
        let point = LineProtocolTests.point("m", ["_field": "1"])
        #expect(Self.text(point, for: .influxDB1) == "m,_field=1 value=1 1\n")
        #expect(Self.text(point, for: .influxDB3) == "m,_field=1 value=1 1\n")
    }
}
