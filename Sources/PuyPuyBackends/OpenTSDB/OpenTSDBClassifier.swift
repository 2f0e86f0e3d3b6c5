internal import PuyPuyCore

/// Reads OpenTSDB's answer to a put with `details`.
///
/// Source: opentsdb 2.4 `tsd/PutDataPointRpc.java`, `tsd/RpcHandler.java`, `tsd/HttpQuery.java`. 204
/// is how VictoriaMetrics confirms, which knows no details.
struct OpenTSDBClassifier {
    /// The answer.
    let response: HTTPResponse
    /// The request that it answers.
    let block: OpenTSDBBlock

    /// What the answer means for the rows of the request, of which some may not have been sent.
    static func classify(_ response: HTTPResponse, block: OpenTSDBBlock) -> Outcome {
        OpenTSDBClassifier(response: response, block: block).outcome
    }

    /// Whether the server says that it takes no request as large as this one, or none in pieces.
    static func refusesChunks(_ response: HTTPResponse) -> Bool {
        response.status == 400
            && errorText(response.body)?.hasPrefix("Chunked request not supported") == true
    }

    /// Whether the server may have failed to read a compressed body. A request in plain text tells.
    static func mayRefuseCompression(_ response: HTTPResponse) -> Bool {
        switch response.status {
        case 415: true
        case 400:
            response.bodyIsWhole && OpenTSDBSummary(body: response.body) == nil
                && !refusesChunks(response)
        default: false
        }
    }

    private var outcome: Outcome {
        switch response.status {
        case 204: acceptedExcept([])
        case 200: confirmation
        case 201...299: notConfirmed
        case 300...399:
            .misconfigured(
                reason: "\(said) to \(response.location ?? "nowhere")",
                hint: "set address to where the server is; redirects are not followed")
        case 400: badRequest
        case 401, 407:
            .misconfigured(
                reason: said, hint: "check user and pass, as the proxy before OpenTSDB knows them")
        case 403:
            .misconfigured(reason: said, hint: "the user must be allowed to write; check user")
        case 404, 405:
            .misconfigured(
                reason: said,
                hint: "check address and datapoints: together they must lead to /api/put of an "
                    + "OpenTSDB whose tsd.mode is not read-only")
        case 413: .tooLarge(reason: said)
        case 408, 429: .transient(reason: said, retryAfter: response.retryAfter)
        case 500...599: .transient(reason: said, retryAfter: response.retryAfter)
        case 402...499: notOpenTSDB
        default: .transient(reason: said, retryAfter: nil)
        }
    }

    /// So many complaints that the end of the answer was not kept. That of fewer points will be.
    private var cut: Outcome {
        .refused(reason: said, suspects: block.rejections.map(\.row))
    }

    private var confirmation: Outcome {
        if !response.bodyIsWhole { return cut }
        return OpenTSDBSummary(body: response.body).map(summarized) ?? notConfirmed
    }

    private var badRequest: Outcome {
        if !response.bodyIsWhole { return cut }
        if let summary = OpenTSDBSummary(body: response.body) { return summarized(summary) }
        if OpenTSDBClassifier.refusesChunks(response) {
            return .misconfigured(
                reason: said,
                hint: "something between us and OpenTSDB takes requests apart: set address to "
                    + "OpenTSDB itself, or tsd.http.request.enable_chunked = true there")
        }
        let text = OpenTSDBClassifier.errorText(response.body)
        guard text != nil || isPlainText else { return notOpenTSDB }
        if text?.hasPrefix("One or more data points had errors") == true {
            return .refused(reason: said, suspects: block.rejections.map(\.row))
        }
        // What we send is JSON, so it is not certain that a point is to blame.
        return .doubtful(reason: said, retryAfter: response.retryAfter)
    }

    private var notConfirmed: Outcome {
        .misconfigured(
            reason: "\(said), where OpenTSDB confirms with 204 or a summary",
            hint: "check address and datapoints: what answers there is not OpenTSDB's /api/put")
    }

    private var notOpenTSDB: Outcome {
        .misconfigured(
            reason: said,
            hint: "check address and datapoints: together they must lead to OpenTSDB's /api/put")
    }

    /// VictoriaMetrics explains itself in plain text.
    private var isPlainText: Bool {
        let first = response.body.first { $0 > 32 }
        return first != nil && first != UInt8(ascii: "<")
    }

    /// The text of `{"error":{"code":400,"message":"…"}}`.
    private static func errorText(_ body: [UInt8]) -> String? {
        JSONValue(body)?["error"]?["message"]?.string
    }

    /// The status with as much of the server's words as a log line bears.
    private var said: String {
        response.reason(OpenTSDBClassifier.errorText(response.body))
    }
}

extension OpenTSDBClassifier {
    /// A summary confirms what it does not complain about, but only when its sums say so, too.
    ///
    /// Where some points have to be sent again, all are: that is harmless, and what a summary says
    /// of the others is not final then.
    private func summarized(_ summary: OpenTSDBSummary) -> Outcome {
        let complaints = summary.complaints
        if let passing = complaints.first(where: { $0.kind == .passing }) {
            return .transient(reason: reason(passing.text), retryAfter: response.retryAfter)
        }
        if summary.timeouts > 0 {
            return .transient(
                reason: reason("\(summary.timeouts) points timed out"),
                retryAfter: response.retryAfter)
        }
        if let unexplained = complaints.first(where: { $0.kind == .unexplained }) {
            return .doubtful(reason: reason(unexplained.text), retryAfter: response.retryAfter)
        }
        if let unknown = complaints.first(where: { $0.kind == .settings }) {
            return .misconfigured(
                reason: reason(unknown.text) + named(unknown),
                hint: "set tsd.core.auto_create_metrics = true in OpenTSDB, or make the metric and "
                    + "its tags there with tsdb mkmetric")
        }
        return settled(summary)
    }

    /// The summary has permanent complaints only.
    private func settled(_ summary: OpenTSDBSummary) -> Outcome {
        let (rejections, isExact) = rejections(summary.complaints)
        // A 400 without a failed point contradicts itself, and confirms nothing.
        let isSuccess = response.status == 200 || summary.failed > 0
        let complete = isExact && isSuccess && Int64(rejections.count) == summary.failed
        if complete && summary.success == Int64(block.count) - summary.failed {
            return acceptedExcept(rejections)
        }
        if summary.failed == 0 {
            return .transient(
                reason: reason("\(summary.success) of \(block.count) points confirmed"),
                retryAfter: response.retryAfter)
        }
        let words = summary.complaints.first?.text ?? "some points failed"
        return .refused(
            reason: reason(words),
            suspects: Set(rejections.map(\.row) + block.rejections.map(\.row)).sorted())
    }

    /// The rows that `complaints` are about. Exact when each is about points of ours, and about all
    /// that share its identity: of those, the server cannot have meant others.
    private func rejections(
        _ complaints: [OpenTSDBSummary.Complaint]
    ) -> (rejections: [Outcome.Rejection], isExact: Bool) {
        if complaints.isEmpty { return ([], true) }
        var numbers: [ArraySlice<UInt8>: [Int]] = [:]
        for number in 0..<block.count {
            numbers[block.identity(number), default: []].append(number)
        }
        var counts: [ArraySlice<UInt8>: Int] = [:]
        var rejections: [Outcome.Rejection] = []
        var isExact = true
        for complaint in complaints {
            guard let identity = complaint.identity, let found = numbers[identity[...]] else {
                isExact = false
                continue
            }
            let seen = counts[identity[...], default: 0]
            counts[identity[...]] = seen + 1
            guard seen < found.count else {
                isExact = false
                continue
            }
            rejections.append(
                Outcome.Rejection(row: block.rows[found[seen]], reason: reason(complaint.text)))
        }
        if counts.contains(where: { numbers[$0.key]!.count != $0.value }) { isExact = false }
        return (rejections, isExact)
    }

    private func reason(_ words: String) -> String { response.reason(words) }

    /// ` of METRIC…`, since the complaint itself does not say which.
    private func named(_ complaint: OpenTSDBSummary.Complaint) -> String {
        complaint.identity.map { " in \(String(decoding: $0.prefix(300), as: UTF8.self))" } ?? ""
    }

    private func acceptedExcept(_ rejections: [Outcome.Rejection]) -> Outcome {
        let all = (rejections + block.rejections).sorted { $0.row < $1.row }
        return all.isEmpty ? .accepted : .acceptedExcept(all)
    }
}
