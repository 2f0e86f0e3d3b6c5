import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct InfluxDB2ClassifierTests {
    static func classify(
        _ status: Int, _ body: String = "", bodyIsWhole: Bool = true, location: String? = nil,
        points: [Point] = InfluxClassifierTests.points, sendsIntegers: Bool = false
    ) -> Attempt {
        var response = HTTPResponse(status: status, body: Array(body.utf8))
        response.bodyIsWhole = bodyIsWhole
        response.retryAfter = .seconds(9)
        response.location = location
        return InfluxDB2Classifier(
            response: response,
            lines: LineProtocolTests.encode(
                points, for: .influxDB2, sendsIntegers: sendsIntegers),
            organization: "org", bucket: "metrics"
        ).attempt
    }

    static func error(_ code: String, _ words: String) -> String {
        let escaped = words.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
        return "{\"code\":\"\(code)\",\"message\":\"\(escaped)\"}"
    }

    @Test func `only 204 confirms`() {
        #expect(
            Self.classify(204, points: [InfluxClassifierTests.points[0]]) == Attempt(.accepted))
        #expect(InfluxClassifierTests.rows(Self.classify(204).outcome) == [2])
        for status in [200, 201, 202, 206] {
            guard case .misconfigured = Self.classify(status, "{}").outcome else {
                Issue.record("\(status)")
                return
            }
        }
    }

    @Test(arguments: [
        (302, "", "http://there/"), (400, "<html>Bad Request</html>", "address"),
        (400, error("invalid", "gzip: invalid header"), "gzip"),
        (401, error("unauthorized", "unauthorized access"), "token"),
        (403, error("forbidden", "insufficient permissions for write"), "bucket metrics"),
        (404, error("not found", "bucket \"metrics\" not found"), "set bucket"),
        (404, error("not found", "organization name \"org\" not found"), "set organization"),
        (404, "404 page not found\n", "address"), (405, "", "address"), (415, "", "address"),
    ]) func `what an operator must correct holds and says how`(
        status: Int, body: String, words: String
    ) {
        let outcome = Self.classify(status, body, location: "http://there/").outcome
        guard case .misconfigured(let reason, let hint) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect((reason + hint).contains(words))
        #expect(reason.contains("\(status)"))
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func `what may work later is tried again when the server says`(status: Int) {
        #expect(
            Self.classify(status, Self.error("unavailable", "later"))
                == Attempt(.transient(reason: "HTTP \(status): later", retryAfter: .seconds(9))))
    }

    @Test func `413 is too large`() {
        #expect(
            Self.classify(413, Self.error("request too large", "points batch is too large"))
                == Attempt(.tooLarge(reason: "HTTP 413: points batch is too large")))
    }

    @Test func `quoted lines are refused, and the others go again without them`() {
        let attempt = Self.classify(
            400, Self.error("invalid", "unable to parse 'other value=2 20': invalid number"))
        #expect(attempt.rows == [1, 2])
        guard case .acceptedExcept(let rejections) = attempt.outcome else {
            Issue.record("\(attempt)")
            return
        }
        #expect(rejections.map(\.row) == [1, 2])
        #expect(
            rejections[0].reason
                == "HTTP 400: unable to parse 'other value=2 20': invalid number")
    }

    @Test func `lines that are quoted before the answer is cut are refused all the same`() {
        let body =
            "{\"code\":\"invalid\",\"message\":\"unable to parse 'other value=2 20': why\\nuna"
        #expect(Self.classify(400, body, bodyIsWhole: false).rows == [1, 2])
    }

    @Test func `a quoted line that is not ours names nobody`() {
        let attempt = Self.classify(400, Self.error("invalid", "unable to parse 'x': why"))
        #expect(InfluxClassifierTests.suspects(attempt.outcome) == [2])
        #expect(attempt.rows == nil)
    }

    @Test func `words about the request give no point up`() {
        for body in [Self.error("invalid", "id must have a length of 16 bytes")] {
            guard case .doubtful = Self.classify(400, body).outcome else {
                Issue.record("\(Self.classify(400, body))")
                return
            }
        }
        let internalError = Self.error(
            "internal error", "unexpected error writing points to database: timeout")
        guard case .doubtful(_, .seconds(9)) = Self.classify(500, internalError).outcome else {
            Issue.record("not doubtful")
            return
        }
    }

    @Test func `a type conflict points at the lines of that measurement and type`() {
        let conflict = Self.error(
            "unprocessable entity",
            "failure writing points to database: partial write: field type conflict: input field "
                + "\"value\" on measurement \"cpu_load\" is type float, already exists as type "
                + "integer dropped=1")
        #expect(InfluxClassifierTests.suspects(Self.classify(422, conflict).outcome) == [0, 2, 3])
        let all = conflict.replacing("dropped=1", with: "dropped=2")
        let both = [InfluxClassifierTests.points[0], InfluxClassifierTests.points[3]]
        #expect(
            InfluxClassifierTests.rows(Self.classify(422, all, points: both).outcome) == [0, 1])
    }

    @Test(arguments: [
        "points beyond retention policy dropped=2",
        "dropped 2 points outside retention policy of duration 1h0m0s - oldest point m at "
            + "1970-01-01T00:00:00Z dropped because it violates a Retention Policy Lower Bound at "
            + "2026-01-01T00:00:00Z, newest point m at 1970-01-01T00:00:01Z dropped because it "
            + "violates a Retention Policy Lower Bound at 2026-01-01T00:00:00Z dropped=2 for "
            + "database: 0123456789abcdef for retention policy: autogen",
    ]) func `the oldest points are suspected when some are beyond the retention`(words: String) {
        let body = Self.error(
            "unprocessable entity", "failure writing points to database: partial write: " + words)
        #expect(InfluxClassifierTests.suspects(Self.classify(422, body).outcome) == [1, 2, 3])
        let all = body.replacing("dropped=2", with: "dropped=3")
        #expect(InfluxClassifierTests.rows(Self.classify(422, all).outcome) == [0, 1, 2, 3])
    }
}
