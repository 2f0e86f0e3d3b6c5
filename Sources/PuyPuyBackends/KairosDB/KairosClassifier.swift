internal import PuyPuyCore

/// Reads KairosDB's answer to a write.
///
/// Source: kairosdb 1.3 `core/http/rest/MetricsResource.java`, `DataPointsParser.java`. KairosDB
/// confirms with 204, when the points are in its queue.
struct KairosClassifier {
    /// The answer.
    let response: HTTPResponse
    /// The request that it answers.
    let block: KairosBlock

    /// What the answer means for the rows of the request, of which some may not have been sent.
    static func classify(_ response: HTTPResponse, block: KairosBlock) -> Outcome {
        KairosClassifier(response: response, block: block).outcome
    }

    /// Whether the server may have failed to read a compressed body: before 1.3 it takes one for
    /// JSON. A request in plain text tells.
    static func mayRefuseCompression(_ response: HTTPResponse, block: KairosBlock) -> Bool {
        switch response.status {
        case 415: return true
        case 400:
            let complaints = KairosComplaints(response, block: block)
            return complaints?.unplaced != nil && complaints?.rejections.isEmpty == true
        case 500:
            let text = String(decoding: response.body, as: UTF8.self).lowercased()
            return text.contains("gzip")
        default: return false
        }
    }

    private var outcome: Outcome {
        switch response.status {
        case 204: acceptedExcept([])
        case 200...299:
            .misconfigured(
                reason: "\(said), where KairosDB confirms with 204",
                hint: "check address and datapoints: what answers there is not KairosDB's "
                    + "/api/v1/datapoints")
        case 300...399:
            .misconfigured(
                reason: "\(said) to \(response.location ?? "nowhere")",
                hint: "set address to where the server is; redirects are not followed")
        case 400: badRequest
        case 401, 407: .misconfigured(reason: said, hint: "check user and pass")
        case 403 where said.contains("INGEST"):
            .misconfigured(
                reason: said,
                hint: "set address to an instance that takes points, or add INGEST to its "
                    + "kairosdb.server.type")
        case 403:
            .misconfigured(reason: said, hint: "the user must be allowed to write; check user")
        case 413: .tooLarge(reason: said)
        case 408, 429: .transient(reason: said, retryAfter: response.retryAfter)
        case 500: .doubtful(reason: said, retryAfter: response.retryAfter)
        case 501...599: .transient(reason: said, retryAfter: response.retryAfter)
        case 402...499: notKairos
        default: .transient(reason: said, retryAfter: nil)
        }
    }

    /// Complaints that name their rows mean that all others are stored. Any other complaint may have
    /// ended the request in its middle: what came before is stored, what comes behind is not.
    private var badRequest: Outcome {
        // So many complaints that the end of the answer was not kept. That of fewer points will be.
        if !response.bodyIsWhole {
            return .refused(reason: said, suspects: block.rejections.map(\.row))
        }
        guard let complaints = KairosComplaints(response, block: block) else {
            return notKairos
        }
        if complaints.isExact { return acceptedExcept(complaints.rejections) }
        let words = complaints.unplaced ?? complaints.first ?? ""
        return .refused(
            reason: response.reason(words),
            suspects: (complaints.rejections + block.rejections).map(\.row).sorted())
    }

    private var notKairos: Outcome {
        .misconfigured(
            reason: said,
            hint: "check address and datapoints: together they must lead to KairosDB's "
                + "/api/v1/datapoints")
    }

    /// The status with as much of the server's words as a log line bears.
    private var said: String {
        let texts = JSONValue(response.body)?["errors"]?.array?.compactMap(\.string)
        guard let texts, !texts.isEmpty else { return response.reason() }
        return response.reason(texts.joined(separator: "; "))
    }

    private func acceptedExcept(_ rejections: [Outcome.Rejection]) -> Outcome {
        let all = (rejections + block.rejections).sorted { $0.row < $1.row }
        return all.isEmpty ? .accepted : .acceptedExcept(all)
    }
}
