import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct InfluxClassifierTests {
    /// Rows 0 and 3 are cpu_load, 1 is other, 2 cannot be encoded.
    static let points = [
        LineProtocolTests.point("cpu_load", ["host": "a"], at: 30, .double(1.5)),
        LineProtocolTests.point("other", at: 20, .double(2)),
        LineProtocolTests.point("#comment"),
        LineProtocolTests.point("cpu_load", ["host": "b"], at: 10, .double(3)),
    ]

    static func classify(
        _ status: Int, _ body: String = "", retryAfter: Duration? = nil, location: String? = nil,
        points: [Point] = points, sendsIntegers: Bool = false
    ) -> Outcome {
        InfluxClassifier.classify(
            HTTPResponse(
                status: status, body: Array(body.utf8), retryAfter: retryAfter, location: location),
            lines: LineProtocolTests.encode(points, sendsIntegers: sendsIntegers),
            database: "metrics")
    }

    static func error(_ words: String) -> String {
        let escaped = words.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
        return "{\"error\":\"\(escaped)\"}\n"
    }

    static func rows(_ outcome: Outcome) -> [Int]? {
        if case .acceptedExcept(let rejections) = outcome { return rejections.map(\.row) }
        return nil
    }

    static func suspects(_ outcome: Outcome) -> [Int]? {
        if case .refused(_, let suspects) = outcome { return suspects }
        return nil
    }

    @Test func `only 204 confirms`() {
        #expect(Self.classify(204, points: [Self.points[0]]) == .accepted)
        #expect(Self.rows(Self.classify(204)) == [2], "what was not sent is not confirmed")
    }

    @Test(arguments: [200, 201, 202, 206])
    func `another success is not InfluxDB's`(status: Int) {
        let outcome = Self.classify(status, "<html>Please log in</html>")
        guard case .misconfigured(let reason, let hint) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("Please log in"))
        #expect(reason.contains("204"))
        #expect(hint.contains("address"))
    }

    @Test(arguments: [
        (301, "", "http://there/"), (307, "", "http://there/"),
        (400, error("database is required"), "set database"),
        (400, error("gzip: invalid header"), "gzip"),
        (400, "<html>Bad Request</html>", "address"),
        (401, error("authorization failed"), "user and pass"),
        (403, error("\"joe\" user is not authorized to write to database \"metrics\""), "GRANT"),
        (404, error("database not found: \"metrics\""), "CREATE DATABASE \"metrics\""),
        (404, "404 page not found\n", "address"), (405, "Method Not Allowed", "address"),
        (415, "", "address"),
        (500, error("retention policy not found: weekly"), "retention_policy"),
    ]) func `what an operator must correct holds and says how`(
        status: Int, body: String, words: String
    ) {
        let outcome = Self.classify(status, body, location: "http://there/")
        guard case .misconfigured(let reason, let hint) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect((reason + hint).contains(words))
        #expect(reason.contains("\(status)"))
    }

    @Test(arguments: [
        (408, ""), (429, error("too many requests")), (500, error("timeout")),
        (500, error("engine: cache-max-memory-size exceeded: (1073741824/1073741824)")),
        (502, "<html>Bad Gateway</html>"), (503, error("request throttled, queue is full")),
        (504, ""),
    ]) func `what may work later is tried again when the server says`(status: Int, body: String) {
        let outcome = Self.classify(status, body, retryAfter: .seconds(9))
        guard case .transient(let reason, let retryAfter) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.hasPrefix("HTTP \(status)"))
        #expect(retryAfter == .seconds(9))
    }

    @Test func `413 is too large`() {
        #expect(
            Self.classify(413, Self.error("Request Entity Too Large"))
                == .tooLarge(reason: "HTTP 413: Request Entity Too Large"))
    }

    @Test func `a type conflict points at the lines of that measurement and type`() {
        let conflict = Self.error(
            "partial write: field type conflict: input field \"value\" on measurement \"cpu_load\" "
                + "is type float, already exists as type integer dropped=1")
        let outcome = Self.classify(400, conflict)
        #expect(Self.suspects(outcome) == [0, 2, 3])
        let mixed = [
            Self.points[0], Self.points[1],
            LineProtocolTests.point("cpu_load", ["host": "c"], at: 40, .integer(7)),
        ]
        #expect(
            Self.suspects(Self.classify(400, conflict, points: mixed, sendsIntegers: true)) == [0])
    }

    @Test func `a measurement with special characters is found`() {
        let points = [
            LineProtocolTests.point("a, b\"c", at: 1), LineProtocolTests.point("a", at: 1),
        ]
        let outcome = Self.classify(
            400,
            Self.error(
                "partial write: field type conflict: input field \"value\" on measurement "
                    + "\"a, b\"c\" is type float, already exists as type integer dropped=1"),
            points: points)
        #expect(Self.suspects(outcome) == [0])
    }

    @Test func `a type conflict of every line is a refusal of every point`() {
        let outcome = Self.classify(
            400,
            Self.error(
                "partial write: field type conflict: input field \"value\" on measurement "
                    + "\"cpu_load\" is type float, already exists as type integer dropped=2"),
            points: [Self.points[0], Self.points[3]])
        #expect(Self.rows(outcome) == [0, 1])
    }

    @Test func `the oldest points are suspected when some are beyond the retention policy`() {
        let words = "partial write: points beyond retention policy dropped="
        #expect(Self.suspects(Self.classify(400, Self.error(words + "1"))) == [2, 3])
        #expect(Self.suspects(Self.classify(400, Self.error(words + "2"))) == [1, 2, 3])
        #expect(Self.rows(Self.classify(400, Self.error(words + "3"))) == [0, 1, 2, 3])
        #expect(Self.suspects(Self.classify(400, Self.error(words + "99"))) == [0, 1, 2, 3])
        for nonsense in ["-1", "", "x", "99999999999999999999"] {
            #expect(Self.suspects(Self.classify(400, Self.error(words + nonsense))) == [2])
        }
    }

    @Test func `max-series-per-database names nobody`() {
        let outcome = Self.classify(
            400,
            Self.error("partial write: max-series-per-database limit exceeded: (50) dropped=3"))
        #expect(Self.suspects(outcome) == [2])
    }

    @Test func `quoted lines are refused and the rest is confirmed`() {
        let words =
            "partial write: unable to parse 'other value=2 20': invalid number\n"
            + "unable to parse 'cpu_load,host=b value=3 10': bad timestamp dropped=0"
        let outcome = Self.classify(400, Self.error(words))
        #expect(Self.rows(outcome) == [1, 2, 3])
        guard case .acceptedExcept(let rejections) = outcome else { return }
        #expect(
            rejections[0].reason
                == "HTTP 400: unable to parse 'other value=2 20': invalid number")
    }

    @Test func `quoted lines that are not all found are only suspects`() {
        let unknown = "partial write: unable to parse 'other value=2 20': why\n"
        #expect(
            Self.suspects(
                Self.classify(400, Self.error(unknown + "unable to parse 'x': why dropped=0")))
                == [1, 2])
        let cut = "{\"error\":\"partial write: unable to parse 'other value=2 20': wh"
        #expect(Self.suspects(Self.classify(400, cut)) == [1, 2])
    }

    @Test func `nothing is confirmed when no line could be parsed`() {
        let all = [Self.points[0], Self.points[1]]
        let one = "unable to parse 'other value=2 20': why"
        #expect(Self.suspects(Self.classify(400, Self.error(one), points: all)) == [1])
        let both = "unable to parse 'cpu_load,host=a value=1.5 30': why\n" + one
        #expect(Self.rows(Self.classify(400, Self.error(both), points: all)) == [0, 1])
    }

    @Test func `an unknown complaint is a refusal without suspects`() {
        #expect(
            Self.classify(
                400, Self.error("partial write: something new dropped=1"), points: [Self.points[0]])
                == .refused(
                    reason: "HTTP 400: partial write: something new dropped=1", suspects: []))
    }

    @Test(arguments: [0, 99, 100, 600, 999])
    func `a status that no server gives is tried again`(status: Int) {
        guard case .transient = Self.classify(status) else {
            Issue.record("\(Self.classify(status))")
            return
        }
    }

    @Test func `long and many-lined bodies become one line`() {
        let outcome = Self.classify(500, String(repeating: "a\r\n\u{1b}[31m", count: 500))
        guard case .transient(let reason, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.utf8.count < 600)
        #expect(reason.unicodeScalars.allSatisfy { $0.value >= 32 })
    }
}
