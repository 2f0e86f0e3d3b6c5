internal import PuyPuyCore

/// Reads the answer to a request of remote write 1.0.
///
/// Sources: prometheus.io/docs/specs/prw/remote_write_spec (2xx is success, 5xx and 429 are tried
/// again, other 4xx never), `storage/remote/write_handler.go` of Prometheus 2.42, and what the
/// running server says.
struct RemoteWriteClassifier {
    /// What an answer means.
    enum Verdict: Equatable {
        /// Every sample is stored.
        case stored
        /// Nothing is stored, because of samples that the answer does not name.
        case refused(reason: String, Objection)
        /// The server did not judge the samples. Whether they are stored is unknown if `isDoubtful`.
        case unjudged(Outcome, isDoubtful: Bool)
    }

    /// What a server has against a sample.
    enum Objection: Equatable {
        /// It has a newer one of that series.
        case outOfOrder
        /// It has another one of that series at that time, or does not say which of the two.
        case taken
        /// Something else.
        case other
    }

    /// The answer.
    let response: HTTPResponse

    var verdict: Verdict {
        switch response.status {
        case 200...299: isSuspicious ? notRemoteWrite : .stored
        case 300...399:
            held(
                "\(said) to \(response.location ?? "nowhere")",
                "set address to where the server is; redirects are not followed")
        case 400: badRequest
        case 401, 403:
            held(said, "check user and pass, or token: the server must let them write")
        case 404 where words.contains("remote write receiver"):
            held(said, "start Prometheus with --web.enable-remote-write-receiver")
        case 408, 425: waiting(isDoubtful: true)
        // Thanos says so of what Prometheus refuses with 400.
        case 409: .refused(reason: said, .taken)
        case 413: .unjudged(.tooLarge(reason: said), isDoubtful: false)
        case 415: held(said, "the server must take remote write 1.0 in snappy")
        case 422: .refused(reason: said, .other)
        case 429: waiting(isDoubtful: false)
        case 500:
            .unjudged(.doubtful(reason: said, retryAfter: response.retryAfter), isDoubtful: true)
        case 402...499: notRemoteWrite
        default: waiting(isDoubtful: true)
        }
    }

    private var words: String { String(decoding: response.body, as: UTF8.self).lowercased() }

    private var said: String { response.reason() }

    /// 400: nothing is stored. What a server may say about the samples is known; other words may be
    /// about the request as a whole, and no sample is given up for them while all of them fail.
    private var badRequest: Verdict {
        let words = words
        func says(_ some: [String]) -> Bool { some.contains { words.contains($0) } }
        if isMarkup { return notRemoteWrite }
        if says(["out of order", "out-of-order"]) { return .refused(reason: said, .outOfOrder) }
        if says(["duplicate sample"]) { return .refused(reason: said, .taken) }
        if says(["snappy", "proto:", "unmarshal", "unexpected eof"]) {
            return held(said, "something on the way changes the body, or takes no remote write 1.0")
        }
        let others = [
            "out of bounds", "too old", "too far in the future", "label", "metric name", "limit",
            "err-mimir",
        ]
        if says(others) { return .refused(reason: said, .other) }
        return .unjudged(
            .doubtful(reason: said, retryAfter: response.retryAfter), isDoubtful: false)
    }

    /// A success has no body, or one that nobody has to read. A page for people, or an error, comes
    /// from something else than a receiver.
    private var isSuspicious: Bool { isMarkup || words.contains("\"error\"") }

    private var isMarkup: Bool {
        response.body.first { $0 > 32 } == UInt8(ascii: "<")
    }

    private var notRemoteWrite: Verdict {
        held(
            said,
            "check address and datapoints: what answers there does not take remote write",
            isDoubtful: response.status < 300)
    }

    private func held(_ reason: String, _ hint: String, isDoubtful: Bool = false) -> Verdict {
        .unjudged(.misconfigured(reason: reason, hint: hint), isDoubtful: isDoubtful)
    }

    private func waiting(isDoubtful: Bool) -> Verdict {
        .unjudged(
            .transient(reason: said, retryAfter: response.retryAfter), isDoubtful: isDoubtful)
    }
}
