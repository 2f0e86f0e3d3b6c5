import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct OpenTSDBClassifierTests {
    /// Row 1 cannot be encoded; rows 3 and 4 are the same point.
    static let points = [
        OpenTSDBEncoderTests.point("a"), OpenTSDBEncoderTests.point(""),
        OpenTSDBEncoderTests.point("b"), OpenTSDBEncoderTests.point("c"),
        OpenTSDBEncoderTests.point("c"),
    ]

    static func classify(
        _ status: Int, _ body: String = "", isWhole: Bool = true, retryAfter: Duration? = nil,
        points: [Point] = points
    ) -> Outcome {
        OpenTSDBClassifier.classify(
            HTTPResponse(
                status: status, body: Array(body.utf8), bodyIsWhole: isWhole,
                retryAfter: retryAfter,
                location: "http://there/"),
            block: OpenTSDBEncoderTests.encode(points))
    }

    static func summary(_ success: Int, _ failed: Int, _ errors: [String] = []) -> String {
        #"{"success":\#(success),"failed":\#(failed),"errors":[\#(errors.joined(separator: ","))]}"#
    }

    static func error(_ words: String, _ metric: String) -> String {
        #"{"error":"\#(words)","datapoint":{"metric":"\#(metric)","timestamp":1700000000000,"value":"1","tags":{"host":"a"}}}"#
    }

    static func rows(_ outcome: Outcome) -> [Int]? { InfluxClassifierTests.rows(outcome) }
    static func suspects(_ outcome: Outcome) -> [Int]? { InfluxClassifierTests.suspects(outcome) }

    @Test func `204 and a summary without failures confirm what was sent`() {
        #expect(Self.classify(204, points: [Self.points[0]]) == .accepted)
        #expect(Self.rows(Self.classify(204)) == [1])
        #expect(Self.rows(Self.classify(200, Self.summary(4, 0))) == [1])
        #expect(Self.classify(200, Self.summary(1, 0), points: [Self.points[0]]) == .accepted)
    }

    @Test func `a summary that confirms too little confirms nothing`() {
        for body in [
            Self.summary(3, 0), Self.summary(0, 0), Self.summary(5, 0),
        ] {
            guard case .transient = Self.classify(200, body) else {
                Issue.record("\(Self.classify(200, body))")
                return
            }
        }
    }

    @Test func `a refusal that counts no failure confirms nothing`() {
        guard case .transient = Self.classify(400, Self.summary(4, 0)) else {
            Issue.record("\(Self.classify(400, Self.summary(4, 0)))")
            return
        }
    }

    @Test(arguments: [200, 201, 202, 206])
    func `another success is not OpenTSDB's`(status: Int) {
        for body in [
            "", "<html>Please log in</html>", "{}", "[]", "{\"success\":", Self.summary(.min, .min),
        ] {
            guard case .misconfigured(_, let hint) = Self.classify(status, body) else {
                Issue.record("\(body): \(Self.classify(status, body))")
                return
            }
            #expect(hint.contains("datapoints"))
        }
    }

    @Test func `points that are refused for good are named, the others are confirmed`() {
        let outcome = Self.classify(
            400, Self.summary(3, 1, [Self.error("Invalid tag value: empty string", "b")]))
        #expect(
            outcome
                == .acceptedExcept([
                    .init(row: 1, reason: "the metric is empty"),
                    .init(row: 2, reason: "HTTP 400: Invalid tag value: empty string"),
                ]))
        let both = [Self.error("Missing tags", "c"), Self.error("Missing tags", "c")]
        #expect(Self.rows(Self.classify(400, Self.summary(2, 2, both))) == [1, 3, 4])
    }

    @Test(arguments: [
        (summary(3, 1), [1]),
        (summary(2, 2, [error("Missing tags", "a")]), [0, 1]),
        (summary(3, 1, [error("Missing tags", "unknown")]), [1]),
        (summary(3, 1, [error("Missing tags", "c")]), [1, 3]),
        (summary(1, 3, Array(repeating: error("Missing tags", "c"), count: 3)), [1, 3, 4]),
        (summary(2, 1, [error("Missing tags", "a")]), [0, 1]),
        (#"{"success":3,"failed":1}"#, [1]),
        (#"{"success":\#(Int.max),"failed":\#(Int.max)}"#, [1]),
        (#"{"error":{"code":400,"message":"One or more data points had errors"}}"#, [1]),
    ]) func `complaints that do not add up are a refusal with suspects`(
        body: String, suspects: [Int]
    ) {
        #expect(Self.suspects(Self.classify(400, body)) == suspects)
    }

    @Test(arguments: [200, 400])
    func `an answer that was not kept whole is a refusal`(status: Int) {
        let body = #"{"errors":[{"error":"Storage exc"#
        #expect(Self.suspects(Self.classify(status, body, isWhole: false)) == [1])
    }

    @Test(arguments: [
        "Please throttle", "Timeout exception", "Storage exception: region is not online",
        "Write timedout",
    ]) func `while the storage fails, nothing is final`(words: String) {
        for status in [200, 400] {
            let errors = [Self.error("Missing tags", "a"), Self.error(words, "b")]
            #expect(
                Self.classify(status, Self.summary(2, 2, errors), retryAfter: .seconds(3))
                    == .transient(reason: "HTTP \(status): \(words)", retryAfter: .seconds(3)))
        }
        #expect(
            Self.classify(400, #"{"success":1,"failed":0,"timeouts":3,"errors":[]}"#)
                == .transient(reason: "HTTP 400: 3 points timed out", retryAfter: nil))
    }

    @Test func `an exception that the server did not foresee is searched for`() {
        let body = Self.summary(3, 1, [Self.error("Unexpected exception", "b")])
        #expect(
            Self.classify(400, body)
                == .doubtful(reason: "HTTP 400: Unexpected exception", retryAfter: nil))
        for body in [
            #"{"error":{"code":400,"message":"Unable to parse the given JSON"}}"#,
            "cannot unmarshal",
        ] {
            guard case .doubtful = Self.classify(400, body) else {
                Issue.record("\(Self.classify(400, body))")
                return
            }
        }
    }

    @Test(arguments: [
        (400, summary(3, 1, [error("Unknown metric", "b")]), "auto_create_metrics"),
        (
            400, summary(2, 2, [error("Missing tags", "a"), error("Unknown metric", "b")]),
            "mkmetric"
        ),
        (
            400, #"{"error":{"code":400,"message":"Chunked request not supported."}}"#,
            "enable_chunked"
        ),
        (400, "<html>Bad Request</html>", "address"), (400, "", "address"),
        (301, "", "http://there/"), (308, "", "http://there/"), (401, "", "user and pass"),
        (403, "", "user"),
        (404, #"{"error":{"code":404,"message":"Endpoint not found"}}"#, "datapoints"),
        (405, "", "datapoints"), (407, "", "pass"), (415, "", "address"), (431, "", "address"),
    ]) func `what an operator must correct holds and says how`(
        status: Int, body: String, words: String
    ) {
        let outcome = Self.classify(status, body)
        guard case .misconfigured(let reason, let hint) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect((reason + hint).contains(words))
        #expect(reason.contains("\(status)"))
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504, 0, 99, 600])
    func `what may work later is tried again`(status: Int) {
        guard case .transient(let reason, _) = Self.classify(status, "one\ntwo") else {
            Issue.record("\(Self.classify(status))")
            return
        }
        #expect(reason == "HTTP \(status): one two")
    }

    @Test func `the server's wish when to come again is heard`() {
        #expect(
            Self.classify(503, retryAfter: .seconds(7))
                == .transient(reason: "HTTP 503", retryAfter: .seconds(7)))
        #expect(Self.classify(413) == .tooLarge(reason: "HTTP 413"))
    }
}
