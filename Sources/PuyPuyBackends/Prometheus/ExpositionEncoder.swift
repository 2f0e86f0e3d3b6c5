public import PuyPuyCore

/// Writes the last values of series as the text that a Prometheus scrapes, format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
///
/// All lines of a metric stand in one group below its HELP and TYPE; groups are in the order of
/// their names and lines in that of their labels, so that equal values give equal bytes. Names are
/// mapped by ``PrometheusNames``, so that no two series become one. There are no timestamps: a
/// scraper then takes the values as of the scrape, and knows that a series ended when it is missing.
public enum ExpositionEncoder {
    /// The media type of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text of `points`, each of another series. Values that are not finite are left out.
    public static func encode(
        _ points: some Collection<(series: Series, value: Value)>
    ) -> [UInt8] {
        var families: [String: [Line]] = [:]
        for (series, value) in points where value.isFinite {
            families[series.metric, default: []].append(
                Line(labels: labels(of: series), value: value))
        }
        let named = families.map { (name: PrometheusNames.metric($0.key), metric: $0.key) }
        var text: [UInt8] = []
        text.reserveCapacity(points.count * 128)
        for (name, metric) in named.sorted(by: { $0.name < $1.name }) {
            append(families[metric]!, of: metric, called: name, to: &text)
        }
        return text
    }

    /// The text between the braces, labels in the order of their names.
    private static func labels(of series: Series) -> [UInt8] {
        let pairs = series.tags.pairs.map { (name: PrometheusNames.label($0.key), $0.value) }
            .sorted { $0.name < $1.name }
        var text: [UInt8] = []
        for (name, value) in pairs {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text += name.utf8
            text += "=\"".utf8
            appendEscaped(value, quotes: true, to: &text)
            text.append(UInt8(ascii: "\""))
        }
        return text
    }

    private static func append(
        _ lines: [Line], of metric: String, called name: String, to text: inout [UInt8]
    ) {
        text += "# HELP \(name) PuyPuy's ".utf8
        appendEscaped(metric, quotes: false, to: &text)
        text += ".\n# TYPE \(name) \(isReserved(name) ? "untyped" : "gauge")\n".utf8
        for line in lines.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
            text += name.utf8
            if !line.labels.isEmpty {
                text.append(UInt8(ascii: "{"))
                text += line.labels
                text.append(UInt8(ascii: "}"))
            }
            text.append(UInt8(ascii: " "))
            append(line.value, to: &text)
            text.append(UInt8(ascii: "\n"))
        }
    }

    /// Whether Prometheus takes the end of `name` for that of a counter, a histogram or a summary.
    /// What such a metric is cannot be said from here, so its type is left open.
    private static func isReserved(_ name: String) -> Bool {
        ["_total", "_count", "_sum", "_bucket"].contains { name.hasSuffix($0) }
    }

    private static func append(_ value: Value, to text: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberText.maxBytes) { room in
            guard let start = room.baseAddress else { return }
            let count =
                switch value {
                case .integer(let integer): NumberText.write(integer, to: start)
                case .double(let double): NumberText.write(double, to: start)
                }
            text += room[..<count]
        }
    }

    private static func appendEscaped(
        _ value: String, quotes: Bool, to text: inout [UInt8]
    ) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): text += "\\\\".utf8
            case UInt8(ascii: "\n"): text += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: text += "\\\"".utf8
            default: text.append(byte)
            }
        }
    }

    private struct Line {
        let labels: [UInt8]
        let value: Value
    }
}
