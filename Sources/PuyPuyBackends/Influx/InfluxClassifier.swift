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
        case 204: acceptedExcept([])
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
    private var said: String {
        let text = message?.text ?? String(decoding: response.body, as: UTF8.self)
        return InfluxClassifier.reason(response.status, text)
    }

    private static func reason(_ status: Int, _ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(500) {
            if scalar.properties.generalCategory == .control {
                if line.last != " " { line.append(" ") }
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        while line.last == " " { line.removeLast() }
        return line.isEmpty ? "HTTP \(status)" : "HTTP \(status): \(line)"
    }
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
        if let outcome = unparsable(message) { return outcome }
        let partial = "partial write: "
        guard text.hasPrefix(partial) else { return refused([]) }
        if text.hasPrefix(partial + "points beyond retention policy") {
            return wholly(lines.oldest(dropped(text) ?? 0), dropped: dropped(text))
        }
        if let suspects = typeConflict(message) { return wholly(suspects, dropped: dropped(text)) }
        return refused([])
    }

    /// `unable to parse 'LINE': WHY`, one for every bad line, and the other lines are stored.
    ///
    /// When every complaint is about a line of ours, that says exactly which points are refused.
    /// Where a line cannot be found, or the text was cut, they are only suspects.
    private func unparsable(_ message: InfluxMessage) -> Outcome? {
        let start = Array("unable to parse '".utf8)
        let partial = Array("partial write: ".utf8)
        var text = message.bytes[...]
        let othersAreStored = text.starts(with: partial)
        if othersAreStored { text = text.dropFirst(partial.count) }
        guard text.starts(with: start) else { return nil }
        var rejections: [Outcome.Rejection] = []
        var isExact = message.isWhole && response.bodyIsWhole
        for complaint in text.split(separator: UInt8(ascii: "\n")) {
            let quoted = complaint.dropFirst(start.count)
            let found = complaint.starts(with: start) ? lines(quotedIn: quoted) : []
            if found.isEmpty { isExact = false }
            let words = String(decoding: complaint, as: UTF8.self)
            rejections += found.map {
                Outcome.Rejection(
                    row: lines.rows[$0],
                    reason: InfluxClassifier.reason(400, words))
            }
        }
        let rows = Set(rejections.map(\.row))
        if rows.count != rejections.count { isExact = false }
        if isExact && (othersAreStored || rows.count == lines.count) {
            return acceptedExcept(rejections)
        }
        return .refused(reason: said, suspects: withRejections(Array(rows)))
    }

    /// The lines that `quoted` begins with, up to the closing quote.
    private func lines(quotedIn quoted: ArraySlice<UInt8>) -> [Int] {
        let end = Array("': ".utf8)
        return (0..<lines.count).filter { number in
            let line = lines.line(number)
            return quoted.starts(with: line) && quoted.dropFirst(line.count).starts(with: end)
        }
    }

    /// `… on measurement "M" is type float, already exists as type integer`: the lines of M with a
    /// value of that type. The first conflict only; others may be among the dropped.
    private func typeConflict(_ message: InfluxMessage) -> [Int]? {
        let text = message.text
        guard text.contains("field type conflict: "),
            let name = text.firstRange(of: " on measurement \""),
            let type = text[name.upperBound...].firstRange(of: "\" is type ")
        else { return nil }
        let metric = String(text[name.upperBound..<type.lowerBound])
        let isInteger = text[type.upperBound...].hasPrefix("integer")
        return lines.lines(of: LineProtocol.escaped(measurement: metric))
            .filter { lines.isInteger($0) == isInteger }
    }

    /// N of `dropped=N`.
    private func dropped(_ text: String) -> Int? {
        text.lastIndex(of: "=").flatMap { Int(text[text.index(after: $0)...]) }.map { max(0, $0) }
    }

    /// When all lines were dropped for the reason given, there is nothing to search for.
    private func wholly(_ suspects: [Int], dropped: Int?) -> Outcome {
        guard dropped == lines.count, suspects.count == lines.count else {
            return refused(suspects)
        }
        return acceptedExcept(
            lines.rows.map { Outcome.Rejection(row: $0, reason: said) })
    }

    private func refused(_ suspects: [Int]) -> Outcome {
        .refused(reason: said, suspects: withRejections(suspects.map { lines.rows[$0] }))
    }

    /// The encoder's refusals are offenders, too.
    private func withRejections(_ rows: [Int]) -> [Int] {
        (rows + lines.rejections.map(\.row)).sorted()
    }

    private func acceptedExcept(_ rejections: [Outcome.Rejection]) -> Outcome {
        let all = (rejections + lines.rejections).sorted { $0.row < $1.row }
        return all.isEmpty ? .accepted : .acceptedExcept(all)
    }
}
