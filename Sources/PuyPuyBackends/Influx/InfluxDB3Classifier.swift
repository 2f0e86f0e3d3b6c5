internal import PuyPuyCore

/// Reads InfluxDB 3.x's answer to a write with `accept_partial=true`.
///
/// Source: influxdb 3 `influxdb3_server/src/http.rs` and `influxdb3_write`. Only 204 confirms:
/// anything else that looks like success comes from something that is not InfluxDB.
struct InfluxDB3Classifier {
    /// The answer.
    let response: HTTPResponse
    /// The request that it answers.
    let lines: LineBlock
    /// The database that was asked for.
    let database: String

    /// What the answer means for the rows of the request, of which some may not have been sent.
    var attempt: Attempt {
        switch response.status {
        case 400: badRequest
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
            .misconfigured(reason: said, hint: "set token or token_file to a token of InfluxDB")
        case 403:
            .misconfigured(
                reason: said,
                hint: "give the token the permission to write to database \(database)")
        case 413: .tooLarge(reason: said)
        case 422 where isAboutDatabases:
            .misconfigured(
                reason: said, hint: "set database to one that exists, or remove one on the server")
        case 422: lines.refused(said, suspects: [])
        case 408, 429: .transient(reason: said, retryAfter: response.retryAfter)
        case 500: .doubtful(reason: said, retryAfter: response.retryAfter)
        case 501...599: .transient(reason: said, retryAfter: response.retryAfter)
        case 402...499: notInflux
        default: .transient(reason: said, retryAfter: nil)
        }
    }

    /// Errors of a whole request come as JSON or as plain text.
    private var words: String {
        InfluxMessage(body: response.body)?.text ?? String(decoding: response.body, as: UTF8.self)
    }

    private var said: String { response.reason(words) }

    private var notInflux: Outcome {
        .misconfigured(
            reason: said,
            hint: "check address: it must be that of an InfluxDB 3.x, and any path "
                + "in it must lead to its /api/v3/write_lp")
    }

    /// The database is made by the first write, unless there are too many.
    private var isAboutDatabases: Bool {
        let words = words.lowercased()
        return words.contains("number of databases") || words.contains("database limit")
            || words.contains("more databases")
    }

    /// 400: lines were refused and are named, or the request as a whole was.
    ///
    /// No point is given up for words about the request as a whole while all of them fail.
    private var badRequest: Attempt {
        guard let named = LineErrors(body: response.body) else { return wholeRequest }
        var rejections: [Outcome.Rejection] = []
        var rows: Set<Int> = []
        for error in named.errors {
            guard let line = error.index(in: lines) else {
                // Some line before it counts in another way: no number can be trusted.
                return Attempt(lines.refused(said, suspects: []))
            }
            let row = lines.rows[line]
            guard rows.insert(row).inserted else { continue }
            let reason = response.reason(String(decoding: error.words.bytes, as: UTF8.self))
            rejections.append(Outcome.Rejection(row: row, reason: reason))
        }
        let isExact = named.isWhole && response.bodyIsWhole && named.othersAreStored
        return isExact
            ? Attempt(lines.acceptedExcept(rejections)) : lines.settledOnly(rejections)
    }

    private var wholeRequest: Attempt {
        let lower = words.lowercased()
        if response.body.first == UInt8(ascii: "<") { return Attempt(notInflux) }
        if lower.contains("gzip") || lower.contains("utf-8") || lower.contains("utf8")
            || lower.contains("content-encoding")
        {
            return Attempt(
                .misconfigured(
                    reason: said, hint: "something on the way changes the body; try gzip: false"))
        }
        if lower.contains("database name") || lower.contains("db name") {
            return Attempt(
                .misconfigured(
                    reason: said,
                    hint: "set database to a name of letters, digits, _, - and / that begins "
                        + "with a letter or a digit"))
        }
        return Attempt(.doubtful(reason: said, retryAfter: nil))
    }
}
