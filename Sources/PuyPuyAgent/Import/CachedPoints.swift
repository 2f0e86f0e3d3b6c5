internal import PuyPuyChecks
internal import PuyPuyCore

/// What is in a `*.cached` file of the older PuyPuy: the body of a request that its database did not
/// take.
///
/// The form is told by the content, since nothing else tells it: InfluxDB lines; a JSON array for
/// OpenTSDB (`metric`) or KairosDB (`name`), also behind `UUID=…&data=` for OddEye; pickled lists
/// for Carbon. What cannot be read costs itself and nothing else.
struct CachedPoints: Sendable, Equatable {
    /// Something in the file that is no point.
    struct Poison: Sendable, Equatable {
        /// Where: `line 3`, `point 17`; empty for the whole file.
        let place: String
        /// Why, as a clause.
        let reason: String
    }

    /// The points in the order of the file.
    private(set) var points: [Point] = []
    /// What is no point, in the order of the file.
    private(set) var poison: [Poison] = []

    /// Reads the content of a file.
    init(_ bytes: [UInt8]) {
        let content = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        if content.isEmpty {
            refuse("", "the file is empty")
        } else if content.starts(with: "UUID=".utf8) {
            readOddEye(content)
        } else if content.first == UInt8(ascii: "[") || content.first == UInt8(ascii: "{") {
            readJSON(content)
        } else if PickleFrames.isOne(bytes) {
            readPickles(bytes)
        } else {
            readLines(bytes)
        }
    }

    private mutating func refuse(_ place: String, _ reason: String) {
        poison.append(Poison(place: place, reason: reason))
    }

    // MARK: InfluxDB

    private mutating func readLines(_ bytes: [UInt8]) {
        var start = bytes.startIndex
        var number = 0
        while start < bytes.endIndex {
            number += 1
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
            let line = bytes[start..<(end ?? bytes.endIndex)]
            start = end.map { $0 + 1 } ?? bytes.endIndex
            // Every line was written with its end. What lacks it may lack digits of its time, too.
            if end == nil {
                refuse("line \(number)", "it is cut off")
            } else {
                readLine(line, number)
            }
        }
    }

    private mutating func readLine(_ bytes: ArraySlice<UInt8>, _ number: Int) {
        do throws(MetricLine.Problem) {
            guard let line = try MetricLine.parse(bytes) else { return }
            guard let timestampNs = line.timestampNs else {
                return refuse("line \(number)", "it has no time")
            }
            let tags = line.tags.merging(["type": line.type])
            for field in line.fields {
                points.append(
                    Point(
                        series: Series(metric: field.metric, tags: tags),
                        timestampNs: timestampNs, value: field.value))
            }
            for metric in line.refused {
                refuse("line \(number)", "the value of \(metric) is not a number")
            }
        } catch {
            refuse("line \(number)", error.words)
        }
    }

    // MARK: OpenTSDB, KairosDB, OddEye

    private mutating func readOddEye(_ bytes: ArraySlice<UInt8>) {
        let mark = Array("data=".utf8)
        for index in bytes.indices where bytes[index...].starts(with: mark) {
            return readJSON(bytes[(index + mark.count)...])
        }
        refuse("", "there is no data= in it")
    }

    private mutating func readJSON(_ bytes: ArraySlice<UInt8>) {
        guard let value = JSONValue(CachedPoints.withoutPythonsNumbers(bytes)) else {
            return refuse("", "it is not JSON; perhaps it is cut off")
        }
        for (index, element) in (value.array ?? [value]).enumerated() {
            do throws(Refusal) {
                points.append(try CachedPoints.point(element))
            } catch {
                refuse("point \(index + 1)", error.reason)
            }
        }
    }

    private struct Refusal: Error {
        let reason: String
    }

    private static func point(_ json: JSONValue) throws(Refusal) -> Point {
        guard let metric = (json["metric"] ?? json["name"])?.string, !metric.isEmpty else {
            throw Refusal(reason: "it has no name")
        }
        if json["type"]?.string == "Special" {
            throw Refusal(reason: "\(metric) is a message for OddEye and no measurement")
        }
        guard let timestampNs = json["timestamp"].flatMap(timestampNs) else {
            throw Refusal(reason: "\(metric) has no time")
        }
        guard let value = json["value"].flatMap(value) else {
            throw Refusal(reason: "the value of \(metric) is not a number")
        }
        var tags: [(key: String, value: String)] = []
        if case .object(let members)? = json["tags"] {
            for (key, member) in members {
                switch member {
                case .string(let text): tags.append((key, text))
                case .number(let text): tags.append((key, text))
                default: throw Refusal(reason: "the tag \(key) of \(metric) is not text")
                }
            }
        }
        return Point(
            series: Series(metric: metric, tags: Tags(tags)), timestampNs: timestampNs, value: value
        )
    }

    /// Seconds, or milliseconds, as OpenTSDB tells them apart: by the number of digits.
    private static func timestampNs(_ json: JSONValue) -> Int64? {
        guard let number = json.double ?? json.string.flatMap(Double.init), number > 0 else {
            return nil
        }
        let seconds = number < 1e11 ? number : number / 1000
        // Beyond what 64 bits of nanoseconds hold, it is no time.
        guard seconds < 9e9 else { return nil }
        let milliseconds = Int64((seconds * 1000).rounded())
        return milliseconds * 1_000_000
    }

    /// A number; scripts of the older PuyPuy had it as text.
    private static func value(_ json: JSONValue) -> Value? {
        switch json {
        case .number(let text), .string(let text): number(text)
        default: nil
        }
    }

    private static func number(_ text: String) -> Value? {
        if let whole = Int64(text) { return .integer(whole) }
        return Double(text).flatMap { Value($0) }
    }

    /// JSON as Python writes it has NaN and infinities, which JSON does not. `null` in their place
    /// costs their points only.
    private static func withoutPythonsNumbers(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let words = ["NaN", "-Infinity", "Infinity"].map { Array($0.utf8) }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var isQuoted = false
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if isQuoted, byte == UInt8(ascii: "\\"), index + 1 < bytes.endIndex {
                plain += bytes[index...(index + 1)]
                index += 2
                continue
            }
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted,
                byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I")
                    || byte == UInt8(ascii: "-"),
                let word = words.first(where: { bytes[index...].starts(with: $0) })
            {
                plain += "null".utf8
                index += word.count
                continue
            }
            plain.append(byte)
            index += 1
        }
        return plain
    }

    // MARK: Carbon

    private mutating func readPickles(_ bytes: [UInt8]) {
        var number = 0
        for frame in PickleFrames(bytes) {
            do throws(PickleDecoder.Refusal) {
                guard case .list(let entries) = try PickleDecoder.decode(frame) else {
                    refuse("", "the pickle is not a list")
                    continue
                }
                for entry in entries {
                    number += 1
                    readPickled(entry, number)
                }
            } catch {
                refuse("", error.reason)
            }
        }
    }

    /// `(path, (second, value))`
    private mutating func readPickled(_ entry: PickleDecoder.Value, _ number: Int) {
        guard case .pair(.text(let path), .pair(let time, let measured)) = entry else {
            return refuse("point \(number)", "it is not (path, (time, value))")
        }
        guard let seconds = time.double, seconds > 0, seconds < 9e9 else {
            return refuse("point \(number)", "\(path) has no time")
        }
        let value: PuyPuyCore.Value? =
            switch measured {
            case .integer(let whole): .integer(whole)
            case .double(let double): PuyPuyCore.Value(double)
            case .text(let text): CachedPoints.number(text)
            default: nil
            }
        guard let value else {
            return refuse("point \(number)", "the value of \(path) is not a number")
        }
        guard let series = CachedPoints.series(carbonPath: path) else {
            return refuse(
                "point \(number)",
                "the path \(path) is not cluster.group.host.location.type.name")
        }
        points.append(
            Point(series: series, timestampNs: Int64(seconds) * 1_000_000_000, value: value))
    }

    /// The series that has this path at Carbon. What stands between the type and the name were values
    /// of tags, whose keys the path does not have: they become `tag01`, `tag02` …
    static func series(carbonPath path: String) -> Series? {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 6, parts.count < 100, !parts.contains("") else { return nil }
        var tags = Array(zip(["cluster", "group", "host", "location", "type"], parts))
        for (index, value) in parts.dropFirst(5).dropLast().enumerated() {
            tags.append((index < 9 ? "tag0\(index + 1)" : "tag\(index + 1)", value))
        }
        return Series(
            metric: parts[parts.count - 1], tags: Tags(tags.map { (key: $0.0, value: $0.1) }))
    }
}
