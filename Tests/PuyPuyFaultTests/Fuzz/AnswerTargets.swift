import PuyPuyCore
import TestSupport

@testable import PuyPuyBackends

/// What databases answer. An input is a number for the status, one for what else is known of the
/// answer, and the body.
enum AnswerTargets {
    static let all = [
        influx1, influx2, influx3, openTSDB, kairosDB, remoteWrite, influxJSON, headers, retryAfter,
    ]

    // MARK: The request

    /// Rows 0 to 7: of one series and of several, two that are the same, one without a name.
    private static let points: [Point] = [
        point("cpu_load", ["host": "a"], .double(1.5)), point("other", [:], .integer(2)),
        point("", [:], .double(1)), point("cpu_load", ["host": "b"], .double(3)),
        point("cpu_load", ["host": "a"], .double(4), at: 2),
        point("a b,c=\\", ["k": "é"], .integer(5)),
        point("other", [:], .integer(2)), point("metric[0]", [:], .double(-0.0)),
    ]

    private static func point(
        _ metric: String, _ tags: [String: String], _ value: Value, at seconds: Int64 = 1
    ) -> Point {
        Point(
            series: Series(metric: metric, tags: Tags(tags.map { (key: $0.key, value: $0.value) })),
            timestampNs: (1_700_000_000 + seconds) * 1_000_000_000, value: value)
    }

    static func encoded(_ points: [Point]) -> (PointBlock, [SeriesID: Series]) {
        var block = PointBlock()
        var ids: [Series: SeriesID] = [:]
        for point in points {
            let id = ids[point.series] ?? SeriesID(ids.count + 1)
            ids[point.series] = id
            block.append(series: id, timestampNs: point.timestampNs, value: point.value)
        }
        return (block, Dictionary(uniqueKeysWithValues: ids.map { ($1, $0) }))
    }

    private static func lines(_ dialect: LineDialect) -> LineBlock {
        let (block, catalog) = AnswerTargets.encoded(points)
        var encoder = LineProtocol(dialect, sendsIntegers: true)
        var lines = LineBlock()
        encoder.encode(block, catalog: catalog, to: &lines)
        return lines
    }

    private static let openTSDBBlock: OpenTSDBBlock = {
        let (block, catalog) = AnswerTargets.encoded(points)
        var encoder = OpenTSDBEncoder()
        encoder.encode(first: block.count, of: block, catalog: catalog)
        return encoder.block
    }()

    private static let kairosBlock: KairosBlock = {
        let (block, catalog) = AnswerTargets.encoded(points)
        var encoder = KairosEncoder()
        encoder.encode(block, catalog: catalog)
        return encoder.block
    }()

    // MARK: The answer

    private static let statuses = [
        200, 204, 400, 400, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 500, 503, 302,
        206,
        100, 0, -1, 999, 299, 599, 600,
    ]

    private static func response(_ bytes: [UInt8]) -> HTTPResponse {
        let kind = Int(bytes.first ?? 0)
        let flags = bytes.dropFirst().first ?? 0
        var response = HTTPResponse(
            status: kind < 200
                ? statuses[kind % statuses.count] : 100 + (kind * 256 + Int(flags)) % 500)
        response.body = Array(bytes.dropFirst(2).prefix(HTTPAnswer.keptBodyBytes))
        response.bodyIsWhole = flags & 1 == 0
        response.retryAfter = flags & 2 == 0 ? nil : .seconds(9)
        response.location = flags & 4 == 0 ? nil : String(decoding: response.body, as: UTF8.self)
        return response
    }

    /// Each body with the statuses that it may come with.
    private static func corpus(_ bodies: [String]) -> [[UInt8]] {
        (bodies + ["", "<html>Please log in</html>", "{}", "[]", "null", "{\"error\":\"\"}"])
            .flatMap {
                body in (0..<statuses.count).map { [UInt8($0), 0] + Array(body.utf8) }
            }
    }

    /// What is wrong with an outcome, and with what it says of rows.
    private static func fault(
        of attempt: Attempt, _ response: HTTPResponse, success: Set<Int>, sent: Int = points.count
    ) -> String? {
        let every = 0..<points.count
        if let rows = attempt.rows {
            if rows.isEmpty || rows != Set(rows).sorted() { return "rows \(rows)" }
            if !rows.allSatisfy(every.contains) { return "rows \(rows) of \(points.count)" }
        }
        switch attempt.outcome {
        case .accepted:
            return success.contains(response.status) ? nil : "accepted with \(response.status)"
        case .acceptedExcept(let rejections):
            let rows = rejections.map(\.row)
            if rows != Set(rows).sorted() { return "the rejected rows are \(rows)" }
            if !rows.allSatisfy(every.contains) { return "rows \(rows) of \(points.count)" }
            if rejections.contains(where: { $0.reason.utf8.count > 9_000 }) {
                return "a long reason"
            }
            let spared = every.count - (attempt.rows?.count ?? every.count)
            // What nobody named is taken for stored: only where the server said that it is.
            let isNamed = rows.count > 1 || spared > 0
            return success.contains(response.status) || isNamed
                ? nil : "\(rows) with \(response.status)"
        case .refused(let reason, let suspects):
            if !suspects.allSatisfy(every.contains) { return "suspects \(suspects)" }
            return reason.utf8.count > 9_000 ? "a long reason" : nil
        case .transient(let reason, _), .doubtful(let reason, _), .tooLarge(let reason),
            .unreachable(let reason), .misconfigured(let reason, _):
            // A redirect names where to.
            return reason.utf8.count > 9_000 + 3 * response.body.count ? "a long reason" : nil
        case .postponed: return "it is put off"
        }
    }

    private static let complaints = [
        "{\"error\":\"unable to parse 'cpu_load,host=a value=1.5 1700000001000000000': bad timestamp\"}",
        "{\"error\":\"partial write: field type conflict: input field \\\"value\\\" on measurement "
            + "\\\"cpu_load\\\" is type float, already exists as type integer dropped=3\"}",
        "{\"error\":\"partial write: points beyond retention policy dropped=2\"}",
        "{\"error\":\"database not found: \\\"metrics\\\"\"}", "{\"error\":\"timeout\"}",
        "{\"error\":\"retention policy not found: x\"}", "{\"error\":\"database is required\"}",
    ]
    private static let influxWords = [
        "unable to parse '", "partial write: ", "dropped=", "dropped=9223372036854775807", "\\n",
        "\\\"",
        " on measurement \\\"", "\\\" is type ", "field type conflict: ", "\"error\":",
        "\"message\":",
        "\"data\":[", "\"line_number\":", "\"original_line\":\"", "\"error_message\":\"", "\\u00",
        "\\ud8",
        "failure writing points to database: partial write: ", "points beyond retention policy",
    ]

    private static let influx1: FuzzTarget = {
        let lines = AnswerTargets.lines(.influxDB1)
        return FuzzTarget("InfluxDB 1 answers", corpus: corpus(complaints), words: influxWords) {
            let response = AnswerTargets.response($0)
            let outcome = InfluxClassifier.classify(response, lines: lines, database: "metrics")
            return fault(of: Attempt(outcome), response, success: [204])
        }
    }()

    private static let influx2: FuzzTarget = {
        let lines = AnswerTargets.lines(.influxDB2)
        let bodies = complaints.map {
            $0.replacing("\"error\":\"", with: "\"code\":\"invalid\",\"message\":\"").replacing(
                "partial", with: "failure writing points to database: partial")
        }
        return FuzzTarget("InfluxDB 2 answers", corpus: corpus(bodies), words: influxWords) {
            let response = AnswerTargets.response($0)
            let attempt = InfluxDB2Classifier(
                response: response, lines: lines, organization: "o", bucket: "b"
            ).attempt
            return fault(of: attempt, response, success: [204])
        }
    }()

    private static let influx3: FuzzTarget = {
        let lines = AnswerTargets.lines(.influxDB3)
        let bodies = [
            "{\"error\":\"partial write of line protocol occurred\",\"data\":[{\"error_message\":\"w\","
                + "\"line_number\":2,\"original_line\":\"other value=\"},{\"error_message\":\"v\","
                + "\"line_number\":1,\"original_line\":\"cpu_load,host=a valu\"}]}",
            "{\"error\":\"parsing failed\",\"data\":{\"original_line\":\"other value=2i\","
                + "\"line_number\":2,\"error_message\":\"w\"}}",
            "write buffer error: database limit",
        ]
        return FuzzTarget("InfluxDB 3 answers", corpus: corpus(bodies), words: influxWords) {
            let response = AnswerTargets.response($0)
            let attempt = InfluxDB3Classifier(response: response, lines: lines, database: "d")
                .attempt
            return fault(of: attempt, response, success: [204])
        }
    }()

    private static let openTSDB: FuzzTarget = {
        let block = openTSDBBlock
        let first = String(
            decoding: block.bytes.dropFirst().prefix(block.ends[0] - 1), as: UTF8.self)
        let bodies = [
            "{\"success\":7,\"failed\":0,\"errors\":[]}",
            "{\"success\":6,\"failed\":1,\"errors\":[{\"error\":\"Unable to parse\",\"datapoint\":"
                + "\(first)}]}", "{\"success\":5,\"failed\":1,\"timeouts\":1,\"errors\":[]}",
            "{\"error\":{\"code\":400,\"message\":\"One or more data points had errors\"}}",
            "{\"error\":{\"code\":400,\"message\":\"Chunked request not supported.\"}}",
        ]
        let words = [
            "\"success\":", "\"failed\":", "\"errors\":[", "\"datapoint\":", first,
            "Unknown metric",
            "Please throttle", "\"timeouts\":", "{\"error\":\"",
        ]
        return FuzzTarget("OpenTSDB answers", corpus: corpus(bodies), words: words) {
            let response = AnswerTargets.response($0)
            _ = OpenTSDBClassifier.mayRefuseCompression(response)
            let outcome = OpenTSDBClassifier.classify(response, block: block)
            return fault(of: Attempt(outcome), response, success: [200, 204])
        }
    }()

    private static let kairosDB: FuzzTarget = {
        let block = kairosBlock
        let bodies = [
            "{\"errors\":[\"metric[0](name=cpu_load).datapoints[0].value may not be empty.\"]}",
            "{\"errors\":[\"metric[1](name=other).tag[a].value may not be empty.\",\"metric[0].name\"]}",
            "{\"errors\":[\"com.google.gson.stream.MalformedJsonException\"]}", "{\"errors\":[]}",
        ]
        let words = [
            "metric[0]", "metric[1](name=other)", ".datapoints[0]",
            ".datapoints[9223372036854775807]",
            ".tag", ".name", "[-1]", "\",\"", "{\"errors\":[\"", "]", "(name=",
        ]
        return FuzzTarget("KairosDB answers", corpus: corpus(bodies), words: words) {
            let response = AnswerTargets.response($0)
            _ = KairosClassifier.mayRefuseCompression(response, block: block)
            let outcome = KairosClassifier.classify(response, block: block)
            return fault(of: Attempt(outcome), response, success: [204])
        }
    }()

    private static let remoteWrite = FuzzTarget(
        "remote write answers",
        corpus: corpus([
            "out of order sample", "duplicate sample for timestamp", "snappy: corrupt input",
            "label name too long", "remote write receiver needs to be enabled", "err-mimir-x",
        ]), words: ["\"error\"", "<", "out of order", "snappy", "remote write receiver"]
    ) {
        let response = AnswerTargets.response($0)
        switch RemoteWriteClassifier(response: response).verdict {
        case .stored: return 200...299 ~= response.status ? nil : "stored with \(response.status)"
        case .refused(let reason, _): return reason.utf8.count > 9_000 ? "a long reason" : nil
        case .unjudged(let outcome, _):
            return fault(of: Attempt(outcome), response, success: [])
        }
    }

    private static let influxJSON = FuzzTarget(
        "JSON of InfluxDB", texts: complaints + CoreTargets.jsonTexts, words: influxWords
    ) { bytes in
        var json = InfluxJSON(bytes)
        if json.skipValue(), !bytes.contains(where: { $0 > 32 }) { return "a value of nothing" }
        json = InfluxJSON(bytes)
        if let text = json.string(), text.bytes.count > 3 * bytes.count { return "it grew" }
        json = InfluxJSON(bytes)
        _ = json.integer()
        if let message = InfluxMessage(body: bytes), message.bytes.count > 3 * bytes.count {
            return "the message grew"
        }
        if let errors = LineErrors(body: bytes), errors.errors.count > bytes.count {
            return "\(errors.errors.count) errors"
        }
        return nil
    }

    /// Header lines and pieces of a body, as libcurl hands them over.
    private static let headers = FuzzTarget(
        "headers of answers",
        texts: [
            "HTTP/1.1 503 No\nRetry-After: 12\nServer: x", "retry-after:\nHTTP/2 200", ":\n\n:",
        ],
        words: ["HTTP/", "Retry-After:", "\n", ":"]
    ) { bytes in
        let answer = HTTPAnswer()
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let isTaken = line.withUnsafeBytes { answer.take(header: $0) }
            if isTaken == answer.headersAreTooLong { return "too long and taken" }
            _ = line.withUnsafeBytes { answer.take(body: $0) }
        }
        if answer.body.count > HTTPAnswer.keptBodyBytes { return "\(answer.body.count) bytes kept" }
        guard let field = answer.retryAfter else { return nil }
        return delayFault(field)
    }

    private static let retryAfter = FuzzTarget(
        "Retry-After",
        texts: [
            "120", " 7 \r\n", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994", "Fri, 31 Dec 9999 23:59:60 GMT", "",
        ], words: [":", "Jan", "GMT", "-", " ", "99999999999999999999"]
    ) { delayFault(String(decoding: $0, as: UTF8.self)) }

    private static func delayFault(_ field: String) -> String? {
        guard let delay = RetryAfter.parse(field, now: 1_700_000_000) else { return nil }
        return (.zero)...(.seconds(RetryAfter.longest)) ~= delay ? nil : "wait for \(delay)"
    }
}
