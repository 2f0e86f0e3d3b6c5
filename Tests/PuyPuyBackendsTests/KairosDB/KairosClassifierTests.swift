import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct KairosClassifierTests {
    /// Metric object 0 holds rows 0, 3 and 4, object 1 row 2; row 1 cannot be encoded.
    static let points = [
        KairosEncoderTests.point("a).datapoints[0]", at: 1_000_000), KairosEncoderTests.point(""),
        KairosEncoderTests.point("b", at: 1_000_000),
        KairosEncoderTests.point("a).datapoints[0]", at: 2_000_000),
        KairosEncoderTests.point("a).datapoints[0]", at: 3_000_000),
    ]
    static let first = "metric[0](name=a).datapoints[0])"
    static let colon = "may contain any character except colon ':', and equals '='."

    static func classify(
        _ status: Int, _ body: String = "", isWhole: Bool = true, retryAfter: Duration? = nil,
        points: [Point] = points
    ) -> Outcome {
        KairosClassifier.classify(
            HTTPResponse(
                status: status, body: Array(body.utf8), bodyIsWhole: isWhole,
                retryAfter: retryAfter,
                location: "http://there/"),
            block: KairosEncoderTests.encode(points))
    }

    static func errors(_ words: [String]) -> String {
        "{\"errors\":[\(words.map(JSONNode.quoted).joined(separator: ","))]}"
    }

    static func rows(_ outcome: Outcome) -> [Int]? { InfluxClassifierTests.rows(outcome) }
    static func suspects(_ outcome: Outcome) -> [Int]? { InfluxClassifierTests.suspects(outcome) }

    @Test func `only 204 confirms`() {
        #expect(Self.classify(204, points: [Self.points[0]]) == .accepted)
        #expect(Self.rows(Self.classify(204)) == [1], "what was not sent is not confirmed")
    }

    @Test(arguments: [
        (["\(first).datapoints[0].value may not be empty."], [0, 1]),
        (["\(first).datapoints[2].value may not be empty."], [1, 4]),
        // The count stood still at the first of them.
        (["\(first).datapoints[0].value x", "\(first).datapoints[0].value y"], [0, 1, 3]),
        (["\(first).datapoints[1].value x", "\(first).datapoints[1].value y"], [1, 3, 4]),
        (["\(first).tag[host].value \(colon)"], [0, 1, 3, 4]),
        (["metric[1](name=b).tags count must be greater than or equal to 1."], [1, 2]),
        (["metric[1].name may not be empty."], [1, 2]),
        (
            ["\(first).datapoints[2].value x", "metric[1](name=b).tag[a].value \(colon)"],
            [1, 2, 4]
        ),
        (["metric[1](name=b).tag[a] x", "metric[1](name=b).tag[a].value y"], [1, 2]),
    ]) func `complaints that name rows are rejections, and the others are confirmed`(
        errors: [String], rows: [Int]
    ) {
        let outcome = Self.classify(400, Self.errors(errors))
        #expect(Self.rows(outcome) == rows, "\(outcome)")
    }

    @Test func `a dead letter has the server's words`() {
        let words = "metric[1](name=b).tag[a].value \(Self.colon)"
        guard case .acceptedExcept(let rejections) = Self.classify(400, Self.errors([words])) else {
            Issue.record("not accepted")
            return
        }
        #expect(rejections.last?.reason == "HTTP 400: \(words)")
    }

    @Test(arguments: [
        (["Unregistered data point type 'double'"], [1]),
        (["value is an invalid type"], [1]),
        (["Use JsonReader.setLenient(true) to accept malformed JSON at line 1"], [1]),
        (["metric[1](name=b).tag[a].value x", "something else"], [1, 2]),
        (["metric[7](name=b).tag[a].value x"], [1]),
        (["metric[1](name=other).tag[a].value x"], [1]),
        (["metric[x](name=b).tag[a].value x"], [1]), (["metric[-1](name=b).tag[a].value x"], [1]),
        (["\(first).datapoints[\(Int.max)].value x"], [1]),
        (["\(first).datapoints[2].value x", "\(first).datapoints[\(Int.max)].value x"], [1, 4]),
        (["\(first).datapoints[3].value x"], [1]), (["\(first).datapoints[-1].value x"], [1]),
        (["\(first).surprise"], [1]), ([""], [1]), ([], [1]),
    ]) func `complaints that name no rows are a refusal with suspects`(
        errors: [String], suspects: [Int]
    ) {
        let outcome = Self.classify(400, Self.errors(errors))
        #expect(Self.suspects(outcome) == suspects, "\(outcome)")
    }

    @Test func `an answer that was not kept whole is a refusal`() {
        let body = Self.errors(["metric[1](name=b).tag[a].value x", "metric[0]"]).dropLast(4)
        #expect(Self.suspects(Self.classify(400, String(body), isWhole: false)) == [1])
    }

    @Test(arguments: [200, 201, 202, 206])
    func `another success is not KairosDB's`(status: Int) {
        guard case .misconfigured(let reason, let hint) = Self.classify(status, "<html>Hi</html>")
        else {
            Issue.record("not misconfigured")
            return
        }
        #expect(reason.contains("204"))
        #expect(hint.contains("datapoints"))
    }

    @Test(arguments: [
        (301, "", "http://there/"), (400, "<html>Bad Request</html>", "address"),
        (400, "", "address"), (401, "", "user and pass"), (403, "", "user"),
        (
            403, errors(["Forbidden: INGEST API methods are disabled on this KairosDB instance."]),
            "kairosdb.server.type"
        ),
        (404, "", "datapoints"), (405, "", "datapoints"), (407, "", "pass"), (415, "", "address"),
        (431, "", "address"),
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

    @Test func `500 may lie in the points, other failures do not`() {
        #expect(
            Self.classify(500, Self.errors(["For input string: \"abc\""]), retryAfter: .seconds(2))
                == .doubtful(
                    reason: "HTTP 500: For input string: \"abc\"", retryAfter: .seconds(2)))
        for status in [408, 429, 502, 503, 504, 0, 99, 600] {
            guard case .transient = Self.classify(status) else {
                Issue.record("\(status): \(Self.classify(status))")
                return
            }
        }
        #expect(
            Self.classify(429, retryAfter: .seconds(5))
                == .transient(reason: "HTTP 429", retryAfter: .seconds(5)))
        #expect(Self.classify(413) == .tooLarge(reason: "HTTP 413"))
    }

    @Test(arguments: [
        (500, errors(["Not in GZIP format"]), true), (500, errors(["For input string"]), false),
        (415, "", true), (400, errors(["malformed JSON at line 1 column 1"]), true),
        (400, errors(["metric[1](name=b).tag[a].value x"]), false), (204, "", false),
        (400, "<html>", false), (503, "gzip", false),
    ]) func `what may be a refusal of compression is known`(
        status: Int, body: String, mayBe: Bool
    ) {
        #expect(
            KairosClassifier.mayRefuseCompression(
                HTTPResponse(status: status, body: Array(body.utf8)),
                block: KairosEncoderTests.encode(Self.points)) == mayBe)
    }
}
