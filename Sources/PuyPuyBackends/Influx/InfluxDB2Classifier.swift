internal import PuyPuyCore

/// Reads InfluxDB 2.x's answer to a write.
///
/// Source: influxdb 2.7 `http/write_handler.go`, `http/points/points_parser.go` and
/// `tsdb/shard.go`. Only 204 confirms: anything else that looks like success comes from something
/// that is not InfluxDB.
struct InfluxDB2Classifier {
    /// The answer.
    let response: HTTPResponse
    /// The request that it answers.
    let lines: LineBlock
    /// The organization that was asked for.
    let organization: String
    /// The bucket that was asked for.
    let bucket: String

    /// What the answer means for the rows of the request, of which some may not have been sent.
    var attempt: Attempt {
        switch response.status {
        case 400: message.map(badRequest) ?? Attempt(notInflux)
        default: Attempt(outcome)
        }
    }

    private var outcome: Outcome {
        switch response.status {
        case 204: lines.acceptedExcept()
        case 200...299:
            .misconfigured(
                reason: "\(said), where InfluxDB confirms with 204",
                hint: "check address: what answers there is not InfluxDB's write endpoint")
        case 300...399:
            .misconfigured(
                reason: "\(said) to \(response.location ?? "nowhere")",
                hint: "set address to where the server is; redirects are not followed")
        case 401:
            .misconfigured(
                reason: said, hint: "set token or token_file to an API token of InfluxDB")
        case 403:
            .misconfigured(
                reason: said, hint: "give the token the permission to write to bucket \(bucket)")
        case 404 where message?.text.contains("bucket") == true:
            .misconfigured(
                reason: said,
                hint: "make the bucket \(bucket), or set bucket to one of \(organization)'s")
        case 404 where message?.text.contains("organization") == true:
            .misconfigured(
                reason: said, hint: "set organization to the name or the ID of the bucket's owner")
        case 413: .tooLarge(reason: said)
        case 422: message.map(unprocessable) ?? notInflux
        case 408, 429: .transient(reason: said, retryAfter: response.retryAfter)
        case 500 where message?.text.hasPrefix("unexpected error writing points") == true:
            .doubtful(reason: said, retryAfter: response.retryAfter)
        case 500...599: .transient(reason: said, retryAfter: response.retryAfter)
        case 402...499: notInflux
        default: .transient(reason: said, retryAfter: nil)
        }
    }

    private var message: InfluxMessage? { InfluxMessage(body: response.body, key: "message") }

    private var said: String { response.reason(message?.text) }

    private var notInflux: Outcome {
        .misconfigured(
            reason: said,
            hint: "check address: it must be that of an InfluxDB 2.x, and any path "
                + "in it must lead to its /api/v2/write")
    }

    /// 400: nothing was stored.
    ///
    /// Lines that the server quotes are refused for good, and the others go again without them. What
    /// it says about anything else may be about the request as a whole, so no point is given up for
    /// it while all of them fail.
    private func badRequest(_ message: InfluxMessage) -> Attempt {
        let text = message.text
        if text.contains("gzip") || text.contains("unexpected EOF") {
            return Attempt(
                .misconfigured(
                    reason: said, hint: "something on the way changes the body; try gzip: false"))
        }
        let complaint = WriteComplaint(
            text: message.bytes[...], isWhole: message.isWhole && response.bodyIsWhole,
            response: response, lines: lines)
        guard let (rejections, _) = complaint.unparsable else {
            return Attempt(.doubtful(reason: said, retryAfter: nil))
        }
        return rejections.isEmpty
            ? Attempt(lines.refused(said, suspects: [])) : lines.settledOnly(rejections)
    }

    /// 422: a part was stored. One reason is given, for the first that was dropped.
    private func unprocessable(_ message: InfluxMessage) -> Outcome {
        let partial = Array("failure writing points to database: partial write: ".utf8)
        guard message.bytes.starts(with: partial) else {
            return .doubtful(reason: said, retryAfter: nil)
        }
        let complaint = WriteComplaint(
            text: message.bytes.dropFirst(partial.count),
            isWhole: message.isWhole && response.bodyIsWhole, response: response, lines: lines)
        if complaint.explainsAll {
            // Nothing is left to search for.
            return lines.acceptedExcept(
                lines.rows.map { Outcome.Rejection(row: $0, reason: said) })
        }
        return lines.refused(said, suspects: complaint.suspects)
    }
}
