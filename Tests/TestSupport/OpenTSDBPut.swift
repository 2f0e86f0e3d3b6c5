internal import Glibc
internal import PuyPuyCore

/// One `/api/put` as OpenTSDB 2.4 goes through it: `PutDataPointRpc.processDataPoint`.
struct OpenTSDBPut {
    /// The names in the query: `summary`, `details`, `sync`.
    let asked: Set<String>
    let poison: @Sendable (Series) -> String?
    let storageFailure: @Sendable (Series) -> String?

    /// Why a point is not taken.
    private struct Refusal: Error {
        let words: String
    }

    /// Hands what can be stored to `store`, and answers.
    func reply(
        to body: JSONNode, store: (Series, StoredPoint) -> Void
    ) -> StandInHTTPServer.Reply {
        let points: [JSONNode]
        switch body {
        case .array(let elements): points = elements
        case .object: points = [body]
        default: return OpenTSDBStandIn.error(400, "Unable to parse the given JSON")
        }
        if points.isEmpty { return OpenTSDBStandIn.error(400, "No datapoints found in content") }
        if points.contains(where: { !OpenTSDBPut.isPoint($0) }) {
            return OpenTSDBStandIn.error(400, "Unable to parse the given JSON")
        }
        var details: [String] = []
        var refused = 0
        var unstored = 0
        for point in points {
            do throws(Refusal) {
                let (series, stored) = try OpenTSDBPut.read(point)
                if let words = poison(series) { throw Refusal(words: words) }
                if let words = storageFailure(series) {
                    if asked.contains("sync") {
                        unstored += 1
                        details.append(OpenTSDBPut.detail("Storage exception: \(words)", point))
                    }
                } else {
                    store(series, stored)
                }
            } catch {
                refused += 1
                details.append(OpenTSDBPut.detail(error.words, point))
            }
        }
        return reply(of: points.count, refused: refused, unstored: unstored, details)
    }

    private func reply(
        of total: Int, refused: Int, unstored: Int, _ details: [String]
    ) -> StandInHTTPServer.Reply {
        if !asked.contains("details") && !asked.contains("summary") {
            return refused + unstored > 0
                ? OpenTSDBStandIn.error(400, "One or more data points had errors") : .status(204)
        }
        var body = #"{"success":\#(total - refused - unstored),"failed":\#(refused + unstored)"#
        if asked.contains("details") {
            body += ",\"errors\":[" + details.joined(separator: ",") + "]"
        }
        return .status(refused > 0 ? 400 : 200, body: body + "}")
    }

    /// Whether it is of the form that Jackson maps to `IncomingDataPoint`.
    private static func isPoint(_ point: JSONNode) -> Bool {
        guard case .object(let members) = point else { return false }
        return members.allSatisfy { member in
            switch (member.key, member.value) {
            case ("metric", .string), ("value", .string), ("value", .number): true
            case ("timestamp", .number(let text)): Int64(text) != nil
            case ("tags", .object(let tags)): tags.allSatisfy { $0.value.text != nil }
            default: false
            }
        }
    }

    /// `{"error":…,"datapoint":…}`: the value comes back as a string.
    private static func detail(_ words: String, _ point: JSONNode) -> String {
        let tags = (point["tags"]?.members ?? []).reversed()
            .map { "\(JSONNode.quoted($0.key)):\(JSONNode.quoted($0.value.text ?? ""))" }
        let value = point["value"]?.text ?? point["value"]?.numberText ?? ""
        return "{\"error\":\(JSONNode.quoted(words)),\"datapoint\":{\"metric\":"
            + JSONNode.quoted(point["metric"]?.text ?? "") + ",\"timestamp\":"
            + (point["timestamp"]?.numberText ?? "0") + ",\"value\":\(JSONNode.quoted(value))"
            + ",\"tags\":{\(tags.joined(separator: ","))}}}"
    }

    /// `IncomingDataPoint.validate`, then `TSDB.addPoint`.
    private static func read(_ point: JSONNode) throws(Refusal) -> (Series, StoredPoint) {
        let metric = point["metric"]?.text ?? ""
        if metric.isEmpty { throw Refusal(words: "Metric name was empty") }
        let time = point["timestamp"]?.numberText.flatMap { Int64($0) } ?? 0
        if time <= 0 { throw Refusal(words: "Invalid timestamp") }
        let value = point["value"]?.text ?? point["value"]?.numberText ?? ""
        if value.isEmpty { throw Refusal(words: "Empty value") }
        let tags = (point["tags"]?.members ?? []).map { ($0.key, $0.value.text ?? "") }
        if tags.isEmpty { throw Refusal(words: "Missing tags") }
        let isWhole = !value.contains { $0 == "." || $0 == "e" || $0 == "E" }
        guard isWhole ? Int64(value) != nil : strtod(value, nil).isFinite else {
            throw Refusal(words: "Unable to parse value to a number")
        }
        let isSeconds = time <= 4_294_967_295
        if !isSeconds && time > 9_999_999_999_999 {
            throw Refusal(words: "Invalid timestamp \(time) when trying to add value")
        }
        if tags.count > 8 {
            throw Refusal(words: "Too many tags: \(tags.count) maximum allowed: 8, tags: ")
        }
        try check("metric name", metric)
        for (key, value) in tags {
            try check("tag name", key)
            try check("tag value", value)
        }
        let series = Series(
            metric: stored(metric), tags: Tags(tags.map { (stored($0), stored($1)) }))
        return (
            series,
            StoredPoint(timestampNs: time * (isSeconds ? 1_000_000_000 : 1_000_000), text: value)
        )
    }

    /// `Tags.validateString`
    private static func check(_ what: String, _ name: String) throws(Refusal) {
        if name.isEmpty { throw Refusal(words: "Invalid \(what): empty string") }
        for scalar in name.unicodeScalars {
            let isTaken =
                scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
                || "-_./".unicodeScalars.contains(scalar)
            if !isTaken {
                throw Refusal(words: "Invalid \(what) (\"\(name)\"): illegal character: \(scalar)")
            }
        }
    }

    /// `UniqueId.CHARSET` is ISO-8859-1: what that lacks becomes a question mark.
    private static func stored(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { $0.value < 256 ? $0 : "?" }))
    }
}
