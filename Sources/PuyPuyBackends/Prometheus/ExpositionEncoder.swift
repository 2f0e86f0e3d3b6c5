public import PuyPuyCore

/// Writes the last values of series as the text that a Prometheus scrapes, format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
///
/// All lines of a metric stand in one group below its HELP and TYPE; groups are in the order of
/// their names and lines in that of their labels, so that equal values give equal bytes. No two
/// lines have the same name and labels, whatever the points are called. There are no timestamps:
/// a scraper then takes the values as of the scrape, and knows that a series ended when it is
/// missing.
public enum ExpositionEncoder {
    /// The media type of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The label that tells series apart whose names and labels became the same.
    static let distinguishingLabel = "puypuy_series"

    /// The text of `points`, each of another series. Values that are not finite are left out.
    public static func encode(
        _ points: some Collection<(series: Series, value: Value)>
    ) -> [UInt8] {
        var names: [String: String] = [:]
        var families: [String: Family] = [:]
        for (series, value) in points where value.isFinite {
            let name: String
            if let known = names[series.metric] {
                name = known
            } else {
                name = ExpositionName.metric(series.metric)
                names[series.metric] = name
                families[name, default: Family()].originals.append(series.metric)
            }
            families[name]?.lines.append(
                Line(series: series, labels: labels(of: series), value: value))
        }
        var text: [UInt8] = []
        text.reserveCapacity(points.count * 128)
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            family.append(to: &text, name: name)
        }
        return text
    }

    /// The text between the braces, labels in the order of their names. Tags whose names became the
    /// same share a label, with their values joined by `;` in the order of the tags' names, as
    /// OpenTelemetry does it.
    private static func labels(of series: Series, distinguishing: Bool = false) -> [UInt8] {
        var pairs: [(name: String, value: String)] = []
        pairs.reserveCapacity(series.tags.pairs.count + 1)
        for tag in series.tags.pairs { pairs.append((ExpositionName.label(tag.key), tag.value)) }
        if distinguishing { pairs.append((distinguishingLabel, series.description)) }
        // Stable, so that values of equal names stay in the order of the tags.
        pairs.sort { $0.name < $1.name }
        var text: [UInt8] = []
        var previous: String?
        for pair in pairs {
            if pair.name == previous {
                text.removeLast()
                text.append(UInt8(ascii: ";"))
            } else {
                if previous != nil { text.append(UInt8(ascii: ",")) }
                text += pair.name.utf8
                text += "=\"".utf8
            }
            appendEscaped(pair.value, quotes: true, to: &text)
            text.append(UInt8(ascii: "\""))
            previous = pair.name
        }
        return text
    }

    fileprivate static func appendEscaped(
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
        let series: Series
        var labels: [UInt8]
        let value: Value
    }

    /// The series of one metric, as it is called in the text.
    private struct Family {
        var originals: [String] = []
        var lines: [Line] = []

        func append(to text: inout [UInt8], name: String) {
            text += "# HELP \(name) PuyPuy's ".utf8
            appendEscaped(
                originals.sorted().joined(separator: ", "), quotes: false, to: &text)
            text +=
                ".\n# TYPE \(name) \(ExpositionName.isReserved(name) ? "untyped" : "gauge")\n"
                .utf8
            for line in distinctLines(name) {
                text += name.utf8
                if !line.labels.isEmpty {
                    text.append(UInt8(ascii: "{"))
                    text += line.labels
                    text.append(UInt8(ascii: "}"))
                }
                text.append(UInt8(ascii: " "))
                appendNumber(line.value, to: &text)
                text.append(UInt8(ascii: "\n"))
            }
        }

        /// The lines in order. Of those with equal labels the one that was called so from the start
        /// stays, else the first by its own name; the others get a label more.
        private func distinctLines(_ name: String) -> [Line] {
            var lines = lines
            lines.sort { $0.labels.lexicographicallyPrecedes($1.labels) }
            var changed = false
            var start = 0
            while start < lines.count {
                var end = start + 1
                while end < lines.count && lines[end].labels == lines[start].labels { end += 1 }
                if end - start > 1 {
                    changed = true
                    let kept = lines[start..<end].indices.min { left, right in
                        rank(lines[left], name) < rank(lines[right], name)
                    }
                    for index in start..<end where index != kept {
                        lines[index].labels = labels(
                            of: lines[index].series, distinguishing: true)
                    }
                }
                start = end
            }
            if changed { lines.sort { $0.labels.lexicographicallyPrecedes($1.labels) } }
            return lines
        }

        private func rank(_ line: Line, _ name: String) -> (Int, String) {
            (line.series.metric == name ? 0 : 1, line.series.description)
        }

        private func appendNumber(_ value: Value, to text: inout [UInt8]) {
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
    }
}
