import PuyPuyCore
import Testing

@testable import PuyPuyBackends

@Suite struct RemoteWriteClassifierTests {
    static func verdict(_ status: Int, _ body: String = "") -> RemoteWriteClassifier.Verdict {
        var response = HTTPResponse(status: status, body: Array(body.utf8))
        response.retryAfter = .seconds(9)
        response.location = "http://there/"
        return RemoteWriteClassifier(response: response).verdict
    }

    @Test func `a success confirms, unless something else than a receiver says so`() {
        #expect(Self.verdict(200) == .stored)
        #expect(Self.verdict(202, "ok") == .stored)
        #expect(Self.verdict(204) == .stored)
        for body in ["<html>Please log in</html>", "{\"error\":\"not now\"}"] {
            guard case .unjudged(.misconfigured, isDoubtful: true) = Self.verdict(200, body) else {
                Issue.record("\(Self.verdict(200, body))")
                return
            }
        }
    }

    @Test(arguments: [
        ("out of order sample\n", RemoteWriteClassifier.Objection.outOfOrder),
        ("duplicate sample for timestamp\n", .taken), ("out of bounds\n", .other),
        ("too old sample\n", .other), ("label name too long", .other),
        ("per-user series limit of 150000 exceeded", .other),
    ]) func `what the server has against samples is a refusal`(
        words: String, objection: RemoteWriteClassifier.Objection
    ) {
        let reason = "HTTP 400: " + words.replacing("\n", with: "")
        #expect(Self.verdict(400, words) == .refused(reason: reason, objection))
    }

    @Test(arguments: [
        (302, "", "redirects"), (400, "snappy: corrupt input", "changes the body"),
        (400, "<html>Bad Request</html>", "address"), (401, "", "token"), (403, "", "token"),
        (404, "404 page not found", "datapoints"), (405, "", "datapoints"),
        (415, "", "remote write 1.0"),
        (
            404,
            "remote write receiver needs to be enabled with --web.enable-remote-write-receiver",
            "start Prometheus with"
        ),
    ]) func `what an operator must correct holds and says how`(
        status: Int, body: String, words: String
    ) {
        guard
            case .unjudged(.misconfigured(let reason, let hint), isDoubtful: false) =
                Self.verdict(status, body)
        else {
            Issue.record("\(Self.verdict(status, body))")
            return
        }
        #expect(reason.hasPrefix("HTTP \(status)"))
        #expect(hint.contains(words))
    }

    @Test func `what may work later is tried again, in doubt unless the server declined`() {
        for (status, isDoubtful) in [
            (408, true), (429, false), (502, true), (503, true), (504, true),
        ] {
            #expect(
                Self.verdict(status)
                    == .unjudged(
                        .transient(reason: "HTTP \(status)", retryAfter: .seconds(9)),
                        isDoubtful: isDoubtful))
        }
        #expect(
            Self.verdict(500)
                == .unjudged(
                    .doubtful(reason: "HTTP 500", retryAfter: .seconds(9)), isDoubtful: true))
        #expect(
            Self.verdict(400, "new words")
                == .unjudged(
                    .doubtful(reason: "HTTP 400: new words", retryAfter: .seconds(9)),
                    isDoubtful: false))
        #expect(
            Self.verdict(413)
                == .unjudged(.tooLarge(reason: "HTTP 413"), isDoubtful: false))
        #expect(Self.verdict(409, "conflict") == .refused(reason: "HTTP 409: conflict", .taken))
        #expect(Self.verdict(422) == .refused(reason: "HTTP 422", .other))
    }
}
