internal import PuyPuyCore

/// Reads InfluxDB 1.x's answer to a write.
///
/// Source: influxdb 1.6 `services/httpd/handler.go` (serveWrite), `coordinator/points_writer.go`
/// and `tsdb/shard.go`; the texts were seen on a running 1.6.7. Only 204 confirms: anything else
/// that looks like success comes from something that is not InfluxDB.
struct InfluxClassifier {
    /// The answer.
    let response: HTTPResponse
    /// The request that it answers.
    let lines: LineBlock
    /// The database that was asked for.
    let database: String

    /// What the answer means for the rows of the request, of which some may not have been sent.
    static func classify(_ response: HTTPResponse, lines: LineBlock, database: String) -> Outcome {
        InfluxClassifier(response: response, lines: lines, database: database).outcome
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
        case 400: message.map(badRequest) ?? notInflux
        case 401:
            .misconfigured(reason: said, hint: "check user and pass of an InfluxDB user")
        case 403:
            .misconfigured(
                reason: said,
                hint: "as an administrator: GRANT WRITE ON \(quotedDatabase) TO the user")
        case 404 where message?.text.hasPrefix("database not found") == true:
            .misconfigured(
                reason: said,
                hint: "run CREATE DATABASE \(quotedDatabase), or set database to one that exists")
        case 413: .tooLarge(reason: said)
        case 408, 429: .transient(reason: said, retryAfter: response.retryAfter)
        case 500 where message?.text.hasPrefix("retention policy not found") == true:
            .misconfigured(
                reason: said, hint: "set retention_policy to one of the database's, or leave it out"
            )
        case 500...599: .transient(reason: said, retryAfter: response.retryAfter)
        case 402...499: notInflux
        default: .transient(reason: said, retryAfter: nil)
        }
    }

    private var message: InfluxMessage? { InfluxMessage(body: response.body) }

    private var quotedDatabase: String { "\"\(database)\"" }

    private var notInflux: Outcome {
        .misconfigured(
            reason: said,
            hint: "check address: it must be that of an InfluxDB 1.x, and any path "
                + "in it must lead to its /write")
    }

    /// The status with as much of the server's words as a log line bears.
    private var said: String { response.reason(message?.text) }
}

extension InfluxClassifier {
    /// 400: the request was understood and something in it was not liked.
    private func badRequest(_ message: InfluxMessage) -> Outcome {
        let text = message.text
        if text == "database is required" {
            return .misconfigured(reason: said, hint: "set database")
        }
        if text.hasPrefix("gzip: ") || text.hasPrefix("unexpected EOF") {
            return .misconfigured(
                reason: said, hint: "something on the way changes the body; try gzip: false")
        }
        let partial = Array("partial write: ".utf8)
        let othersAreStored = message.bytes.starts(with: partial)
        let complaint = WriteComplaint(
            text: message.bytes.dropFirst(othersAreStored ? partial.count : 0),
            isWhole: message.isWhole && response.bodyIsWhole, response: response, lines: lines)
        if let (rejections, isExact) = complaint.unparsable {
            if isExact && (othersAreStored || rejections.count == lines.count) {
                return lines.acceptedExcept(rejections)
            }
            let rows = (rejections + lines.rejections).map(\.row)
            return .refused(reason: said, suspects: rows.sorted())
        }
        guard othersAreStored else { return lines.refused(said, suspects: []) }
        if complaint.explainsAll {
            // Nothing is left to search for.
            return lines.acceptedExcept(
                lines.rows.map { Outcome.Rejection(row: $0, reason: said) })
        }
        return lines.refused(said, suspects: complaint.suspects)
    }
}
