import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct InfluxDB3ClassifierTests {
    static func classify(
        _ status: Int, _ body: String = "", bodyIsWhole: Bool = true,
        points: [Point] = InfluxClassifierTests.points
    ) -> Attempt {
        var response = HTTPResponse(status: status, body: Array(body.utf8))
        response.bodyIsWhole = bodyIsWhole
        response.retryAfter = .seconds(9)
        response.location = "http://there/"
        return InfluxDB3Classifier(
            response: response, lines: LineProtocolTests.encode(points, for: .influxDB3),
            database: "metrics"
        ).attempt
    }

    static func lineError(_ number: Int, _ start: String, _ words: String = "why") -> String {
        "{\"error_message\":\"\(words)\",\"line_number\":\(number),\"original_line\":\"\(start)\"}"
    }

    static func partial(_ errors: String...) -> String {
        "{\"error\":\"partial write of line protocol occurred\",\"data\":["
            + errors.joined(separator: ",") + "]}"
    }

    @Test func `only 204 confirms`() {
        #expect(
            Self.classify(204, points: [InfluxClassifierTests.points[0]]) == Attempt(.accepted))
        #expect(InfluxClassifierTests.rows(Self.classify(204).outcome) == [2])
        guard case .misconfigured = Self.classify(200, "{}").outcome else {
            Issue.record("200 confirms")
            return
        }
    }

    @Test(arguments: [
        (302, "", "http://there/"), (400, "<html>Bad Request</html>", "address"),
        (400, #"{"error":"error decoding gzip stream: corrupt"}"#, "gzip"),
        (400, #"{"error":"db name did not start with a number or letter"}"#, "set database"),
        (401, "", "token"), (403, "", "database metrics"), (404, "not found", "address"),
        (405, "HTTP request method not supported", "address"),
        (422, #"{"error":"Update to schema would exceed number of databases limit of 5"}"#, "5"),
    ]) func `what an operator must correct holds and says how`(
        status: Int, body: String, words: String
    ) {
        let outcome = Self.classify(status, body).outcome
        guard case .misconfigured(let reason, let hint) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect((reason + hint).contains(words))
        #expect(reason.contains("\(status)"))
    }

    @Test(arguments: [408, 429, 502, 503, 504])
    func `what may work later is tried again when the server says`(status: Int) {
        #expect(
            Self.classify(status, "later")
                == Attempt(.transient(reason: "HTTP \(status): later", retryAfter: .seconds(9))))
    }

    @Test func `words about the request give no point up`() {
        for (status, body) in [(500, "catalog error"), (400, #"{"error":"new"}"#), (400, "new")] {
            guard case .doubtful = Self.classify(status, body).outcome else {
                Issue.record("\(Self.classify(status, body))")
                return
            }
        }
    }

    @Test func `limits of tables and columns are searched for, and 413 is too large`() {
        let limit = #"{"error":"Update to schema would exceed number of tables limit of 2000"}"#
        #expect(InfluxClassifierTests.suspects(Self.classify(422, limit).outcome) == [2])
        #expect(
            Self.classify(413, "max request size (10485760 bytes) exceeded").outcome
                == .tooLarge(reason: "HTTP 413: max request size (10485760 bytes) exceeded"))
    }

    @Test func `named lines are refused and the rest is confirmed`() {
        // Line 2 is row 1; the third line is row 3, because row 2 has no line.
        let attempt = Self.classify(
            400, Self.partial(Self.lineError(3, "cpu_load,host=b valu"), Self.lineError(2, "oth")))
        #expect(attempt.rows == nil)
        guard case .acceptedExcept(let rejections) = attempt.outcome else {
            Issue.record("\(attempt)")
            return
        }
        #expect(rejections.map(\.row) == [1, 2, 3])
        #expect(rejections[0].reason == "HTTP 400: why")
    }

    @Test(arguments: [
        partial(lineError(2, "other"), lineError(3, "cpu_load,host=a valu")),
        partial(lineError(4, "cpu_load")), partial(lineError(0, "cpu_load")),
        partial(lineError(2, "")), partial(lineError(-1, "other")),
    ]) func `a number whose line begins otherwise is not trusted`(body: String) {
        let attempt = Self.classify(400, body)
        #expect(InfluxClassifierTests.suspects(attempt.outcome) == [2], "\(attempt)")
        #expect(attempt.rows == nil)
    }

    @Test func `a line that the server wrote anew is found`() {
        let points = [
            LineProtocolTests.point(#"a\b c"#, ["k": #"x\y,z"#], at: 1, .double(1e-7)),
            LineProtocolTests.point("größe☃☃☃☃☃☃", at: 1),
        ]
        for start in [#"a\\b\\ c,k=x\\y\\,z value=0.0000001 1"#, #"a\\\\b\\ c,k=x\\\\"#] {
            let attempt = Self.classify(
                400, Self.partial(Self.lineError(1, start)), points: points)
            #expect(InfluxClassifierTests.rows(attempt.outcome) == [0], "\(attempt)")
        }
        let cut = Self.classify(
            400, Self.partial(Self.lineError(2, "größe☃☃☃☃")), points: points)
        #expect(InfluxClassifierTests.rows(cut.outcome) == [1])
    }

    @Test func `of a list that is cut, what was read is refused and the others go again`() {
        let body = Self.partial(Self.lineError(2, "other"), Self.lineError(3, "cpu_load"))
        for length in [body.utf8.count - 2, body.utf8.count - 20] {
            let attempt = Self.classify(
                400, String(decoding: body.utf8.prefix(length), as: UTF8.self), bodyIsWhole: false)
            #expect(attempt.rows?.prefix(2) == [1, 2], "\(attempt)")
        }
    }

    @Test func `a single line that kept the others out goes alone`() {
        let body =
            "{\"error\":\"parsing failed for write_lp endpoint\",\"data\":"
            + "{\"original_line\":\"other value=2 20\",\"line_number\":2,\"error_message\":\"why\"}}"
        let attempt = Self.classify(400, body)
        #expect(attempt.rows == [1, 2])
        #expect(InfluxClassifierTests.rows(attempt.outcome) == [1, 2])
    }
}
