internal import PuyPuyCore

/// Encodes points as the body of KairosDB's `/api/v1/datapoints`:
/// `[{"name":"cpu_load","type":"double","tags":{"host":"web1"},"datapoints":[[1700000000000,0.5]]}]`.
///
/// Source: kairosdb 1.3 `core/http/rest/json/DataPointsParser.java`. Every value goes as a double:
/// without a type, KairosDB takes a number without a point for a long (`1e-07` is stored as 0), and
/// keeps a long and a double of the same time as two points. Integers beyond 2^53 are rounded to the
/// nearest double.
struct KairosEncoder {
    /// The key of a Cassandra row is at most so long. KairosDB finds out after it has confirmed.
    static let maxKeyBytes = 65_535
    /// What a key holds beside names: NUL, time, marker, length and `kairos_double`
    /// (`DataPointsRowKeySerializer`).
    private static let keyOverheadBytes = 1 + 8 + 2 + 13

    private var texts = SeriesTexts { KairosEncoder.writeSeries($0, to: &$1) }
    /// For each place in `texts`, its metric object in this block, if `stamps` says this block.
    private var metrics: [Int] = []
    private var stamps: [Int] = []
    private var stamp = 0
    /// For each metric object its place in `texts` and the number of its points.
    private var places: [Int] = []
    private var counts: [Int] = []
    /// For each row its metric object; negative when it was refused.
    private var metricOfRow: [Int] = []
    /// What became of the last block.
    private(set) var block = KairosBlock()

    /// Encodes `points` into ``block``, in place of what was there.
    mutating func encode(_ points: PointBlock, catalog: any SeriesCatalog) {
        block.removeAll()
        if texts.tidy() {
            metrics.removeAll()
            stamps.removeAll()
        }
        group(points, catalog)
        arrange(points)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * NumberText.maxBytes) { tail in
            for number in 0..<places.count { write(number, of: points, tail: tail.baseAddress!) }
        }
        if !places.isEmpty { block.bytes.append(UInt8(ascii: "]")) }
    }

    /// Finds the metric object of every row.
    private mutating func group(_ points: PointBlock, _ catalog: any SeriesCatalog) {
        stamp += 1
        places.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        metricOfRow.removeAll(keepingCapacity: true)
        for row in 0..<points.count {
            let id = points.seriesIDs[row]
            let place = texts.place(of: id, in: catalog)
            if place == stamps.count {
                stamps.append(0)
                metrics.append(0)
            }
            let refusal =
                texts.entries[place].refusal
                ?? (points.values[row].isFinite ? nil : "not a finite number")
            if let refusal {
                block.rejections.append(Outcome.Rejection(row: row, reason: refusal))
                metricOfRow.append(-1)
                continue
            }
            if stamps[place] != stamp {
                stamps[place] = stamp
                metrics[place] = places.count
                places.append(place)
                counts.append(0)
                block.names.append(catalog.series(id).metric)
            }
            counts[metrics[place]] += 1
            metricOfRow.append(metrics[place])
        }
    }

    /// Sorts the rows by metric object, by counting.
    private mutating func arrange(_ points: PointBlock) {
        var total = 0
        for number in 0..<counts.count {
            block.starts.append(total)
            total += counts[number]
            counts[number] = block.starts[number]
        }
        block.rows.append(contentsOf: repeatElement(0, count: total))
        for row in 0..<points.count where metricOfRow[row] >= 0 {
            let number = metricOfRow[row]
            block.rows[counts[number]] = row
            counts[number] += 1
        }
    }

    /// Writes metric object `number`; `tail` is room for a data point.
    private mutating func write(
        _ number: Int, of points: PointBlock, tail: UnsafeMutablePointer<UInt8>
    ) {
        block.bytes.append(number == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
        block.bytes.append(contentsOf: texts.bytes[texts.entries[places[number]].text])
        var separator = UInt8(ascii: "[")
        for row in block.rows(ofMetric: number) {
            tail[0] = separator
            tail[1] = UInt8(ascii: "[")
            var count = 2
            count += NumberText.write(
                KairosEncoder.milliseconds(points.timestampsNs[row]), to: tail + count)
            tail[count] = UInt8(ascii: ",")
            count += 1
            count += NumberText.write(points.values[row].asDouble, to: tail + count)
            tail[count] = UInt8(ascii: "]")
            block.bytes.append(contentsOf: UnsafeBufferPointer(start: tail, count: count + 1))
            separator = UInt8(ascii: ",")
        }
        block.bytes.append(UInt8(ascii: "]"))
        block.bytes.append(UInt8(ascii: "}"))
    }

    /// The whole milliseconds before `timestampNs`.
    private static func milliseconds(_ timestampNs: Int64) -> Int64 {
        let (quotient, rest) = timestampNs.quotientAndRemainder(dividingBy: 1_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }
}

extension KairosEncoder {
    /// Writes `{"name":…,"type":"double","tags":{…},"datapoints":`, or returns why no metric object
    /// can express `series`.
    private static func writeSeries(_ series: Series, to bytes: inout [UInt8]) -> String? {
        if series.metric.isEmpty { return "the metric is empty" }
        if series.metric.utf8.contains(0) {
            return "the metric holds a NUL character, where its name ends for KairosDB"
        }
        if series.tags.pairs.isEmpty { return "no tag, and KairosDB takes no point without one" }
        var keyBytes = keyOverheadBytes + series.metric.utf8.count
        for tag in series.tags.pairs {
            // `key=value:`, with a backslash before what would separate.
            keyBytes += 2
            for byte in [tag.key, tag.value].joined().utf8 {
                let isEscaped =
                    byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=")
                    || byte == UInt8(ascii: "\\")
                keyBytes += isEscaped ? 2 : 1
            }
        }
        if keyBytes > maxKeyBytes {
            return "metric and tags are over KairosDB's \(maxKeyBytes) bytes"
        }
        bytes += "{\"name\":".utf8
        bytes += JSONText.string(series.metric).utf8
        bytes += ",\"type\":\"double\",\"tags\":{".utf8
        for (index, tag) in series.tags.pairs.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += JSONText.string(tag.key).utf8
            bytes.append(UInt8(ascii: ":"))
            bytes += JSONText.string(tag.value).utf8
        }
        bytes += "},\"datapoints\":".utf8
        return nil
    }
}
