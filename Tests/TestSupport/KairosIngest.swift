internal import Glibc
internal import PuyPuyCore

/// One POST of data points as KairosDB goes through it: `DataPointsParser.parse`. It reads and stores
/// at once, so what comes before a mistake in the JSON is stored.
struct KairosIngest {
    /// What overwrites each other: points of one time and type.
    struct Place: Hashable {
        let timestampNs: Int64
        let isDouble: Bool
    }

    let settings: KairosDBStandIn.Settings

    /// What ends a request in its middle.
    private struct Abort: Error {
        let status: Int
        let words: String

        static let syntax = Abort(
            status: 400, words: "Use JsonReader.setLenient(true) to accept malformed JSON")
    }

    /// Where a point goes.
    typealias Store = (Series, Place, StoredPoint) -> Void

    /// Hands what can be stored to `store`, and answers.
    func reply(to body: [UInt8], store: Store) -> StandInHTTPServer.Reply {
        var reading = JSONReading(body[...])
        let isArray = reading.take("[")
        var errors: [String] = []
        var index = 0
        do throws(Abort) {
            if !(isArray && reading.take("]")) {
                repeat {
                    errors += try add(try next(&reading), at: index, store)
                    index += 1
                } while isArray && reading.take(",")
                if isArray && !reading.take("]") { throw Abort.syntax }
            }
        } catch {
            return KairosDBStandIn.errors(error.status, [error.words])
        }
        return errors.isEmpty ? .status(204) : KairosDBStandIn.errors(400, errors)
    }

    private func next(_ reading: inout JSONReading) throws(Abort) -> JSONNode {
        do throws(TestSupportError) {
            let node = try reading.value()
            if case .object = node { return node }
        } catch {}
        throw Abort.syntax
    }

    /// `validateAndAddDataPoints`: the complaints about one metric object.
    private func add(
        _ metric: JSONNode, at index: Int, _ store: Store
    ) throws(Abort) -> [String] {
        let name = metric["name"]?.text ?? ""
        let tags = (metric["tags"]?.members ?? []).map { ($0.key, $0.value.text ?? "") }
        if Set(tags.map(\.0)).count < tags.count {
            throw Abort(status: 400, words: "duplicate key: \(tags[0].0)")
        }
        let series = Series(metric: name, tags: Tags(tags))
        if let (status, words) = settings.aborts(series) {
            throw Abort(status: status, words: words)
        }
        let context = name.isEmpty ? "metric[\(index)]" : "metric[\(index)](name=\(name))"
        var errors = complaints(name, tags, context)
        if let words = settings.poison(series) { errors.append("\(context).\(words)") }
        if errors.isEmpty {
            errors = try add(
                metric["datapoints"]?.elements ?? [], of: series, type: metric["type"]?.text,
                "\(context).datapoints", store)
        }
        return errors
    }

    private func complaints(
        _ name: String, _ tags: [(String, String)], _ context: String
    ) -> [String] {
        var errors: [String] = []
        if name.isEmpty { errors.append("\(context).name may not be empty.") }
        if tags.isEmpty {
            errors.append("\(context).tags count must be greater than or equal to 1.")
        }
        let words = "may contain any character except colon ':', and equals '='."
        for (position, (key, value)) in tags.enumerated() {
            if key.isEmpty { errors.append("\(context).tag[\(position)].name may not be empty.") }
            let tag = "\(context).tag[\(key.isEmpty ? "\(position)" : key)]"
            if isRefused(key) { errors.append("\(tag) \(words)") }
            if value.isEmpty { errors.append("\(tag).value may not be empty.") }
            if isRefused(value) { errors.append("\(tag).value \(words)") }
        }
        return errors
    }

    private func isRefused(_ word: String) -> Bool {
        settings.refusesColons && word.contains { $0 == ":" || $0 == "=" }
    }

    /// The points of one metric object. The count that complaints name stands still at a refused
    /// point.
    private func add(
        _ points: [JSONNode], of series: Series, type: String?, _ context: String, _ store: Store
    ) throws(Abort) -> [String] {
        var errors: [String] = []
        var count = 0
        for point in points {
            guard case .array(let pair) = point else {
                throw Abort(status: 400, words: "Expected BEGIN_ARRAY")
            }
            guard let time = pair.first, time != .null else {
                errors.append("\(context)[\(count)].timestamp cannot be null or empty.")
                continue
            }
            guard pair.count > 1, pair[1] != .null, pair[1] != .string("") else {
                errors.append("\(context)[\(count)].value may not be empty.")
                continue
            }
            guard let milliseconds = time.numberText.flatMap({ Int64($0) }) else {
                throw Abort(status: 500, words: "For input string: \"\(time)\"")
            }
            let text = pair[1].numberText ?? pair[1].text ?? ""
            let found = type ?? (text.contains(".") ? "double" : "long")
            guard found == "double" || found == "long" else {
                errors.append("Unregistered data point type '\(found)'")
                continue
            }
            guard found == "long" || Double(text) != nil else {
                throw Abort(status: 500, words: "For input string: \"\(text)\"")
            }
            let isDouble = found == "double"
            let point = KairosIngest.point(milliseconds, text, isDouble: isDouble)
            store(series, Place(timestampNs: point.timestampNs, isDouble: isDouble), point)
            count += 1
        }
        return errors
    }

    /// A long is what is left of a number without its fraction and above its range.
    private static func point(_ milliseconds: Int64, _ text: String, isDouble: Bool) -> StoredPoint
    {
        StoredPoint(
            timestampNs: milliseconds.multipliedReportingOverflow(by: 1_000_000).partialValue,
            text: isDouble ? text : "\(strtoll(text, nil, 10))")
    }
}
