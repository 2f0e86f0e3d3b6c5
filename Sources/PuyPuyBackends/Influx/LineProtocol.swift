internal import PuyPuyCore

/// Encodes points as InfluxDB 1.x line protocol: `metric,tag=value value=0.5 1700000000000000000`.
///
/// Source: docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference, and the scanner
/// in influxdb 1.6 `models/points.go`, which decides where the two differ. One field, `value`; one
/// line per point, in the order of the rows.
///
/// The part of a line before the value is made once per series and kept, so a series number must
/// mean the same series for the life of the encoder.
struct LineProtocol {
    /// The server counts `series#!~#field` against 65535 (`models.MaxKeyLength`).
    static let maxSeriesBytes = 65_535 - 4 - fieldName.utf8.count
    /// Dashboards of the first PuyPuy read this field.
    static let fieldName = "value"
    /// So much of remembered series is kept before starting afresh.
    private static let rememberedBytes = 16 * 1024 * 1024

    private let sendsIntegers: Bool
    private let unitNs: Int64
    private var arena: [UInt8] = []
    private var prefixes: [SeriesID: Range<Int>] = [:]
    private var refusals: [SeriesID: String] = [:]
    /// What became of the last block.
    private(set) var lines = LineBlock()

    /// An encoder that writes times in `precision` and, if `sendsIntegers`, integers as `5i`.
    init(precision: BackendConfiguration.Precision = .nanoseconds, sendsIntegers: Bool = false) {
        self.sendsIntegers = sendsIntegers
        unitNs =
            switch precision {
            case .nanoseconds: 1
            case .microseconds: 1000
            case .milliseconds: 1_000_000
            case .seconds: 1_000_000_000
            }
    }

    /// Encodes `points` into ``lines``, in place of what was there.
    mutating func encode(_ points: PointBlock, catalog: any SeriesCatalog) {
        lines.removeAll()
        if arena.count > LineProtocol.rememberedBytes {
            arena.removeAll()
            prefixes.removeAll()
            refusals.removeAll()
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * NumberText.maxBytes) { tail in
            for row in 0..<points.count {
                encode(row, of: points, catalog: catalog, tail: tail.baseAddress!)
            }
        }
    }

    /// `tail` is room for the part of a line behind `value=`.
    private mutating func encode(
        _ row: Int, of points: PointBlock, catalog: any SeriesCatalog,
        tail: UnsafeMutablePointer<UInt8>
    ) {
        let id = points.seriesIDs[row]
        let prefix = prefixes[id] ?? remember(id, catalog.series(id))
        let timestampNs = points.timestampsNs[row]
        guard !prefix.isEmpty else { return refuse(row, refusals[id]!) }
        guard points.values[row].isFinite else { return refuse(row, "not a finite number") }
        guard let time = LineProtocol.time(timestampNs, unitNs) else {
            return refuse(row, "time outside the range of InfluxDB")
        }
        var count: Int
        switch points.values[row] {
        case .double(let double): count = NumberText.write(double, to: tail)
        case .integer(let integer):
            count = NumberText.write(integer, to: tail)
            if sendsIntegers {
                tail[count] = UInt8(ascii: "i")
                count += 1
            }
        }
        tail[count] = UInt8(ascii: " ")
        count += 1
        count += NumberText.write(time, to: tail + count)
        tail[count] = UInt8(ascii: "\n")
        count += 1
        lines.bytes.append(contentsOf: arena[prefix])
        lines.bytes.append(contentsOf: UnsafeBufferPointer(start: tail, count: count))
        lines.ends.append(lines.bytes.count)
        lines.rows.append(row)
        lines.timestampsNs.append(timestampNs)
    }

    private mutating func refuse(_ row: Int, _ reason: String) {
        lines.rejections.append(Outcome.Rejection(row: row, reason: reason))
    }

    /// The whole units before `timestampNs`; `nil` when the server refuses that time.
    private static func time(_ timestampNs: Int64, _ unitNs: Int64) -> Int64? {
        let (quotient, rest) = timestampNs.quotientAndRemainder(dividingBy: unitNs)
        let units = rest < 0 ? quotient - 1 : quotient
        let (wireNs, overflow) = units.multipliedReportingOverflow(by: unitNs)
        // models.MinNanoTime and MaxNanoTime: the very ends are sentinels.
        return overflow || wireNs < .min + 2 || wireNs > .max - 1 ? nil : units
    }
}

extension LineProtocol {
    /// Writes the beginning of a series' lines into the arena; an empty range when it is refused.
    private mutating func remember(_ id: SeriesID, _ series: Series) -> Range<Int> {
        let start = arena.count
        if let reason = LineProtocol.refusal(of: series) {
            refusals[id] = reason
        } else {
            arena += LineProtocol.escaped(measurement: series.metric)
            for tag in series.tags.pairs {
                arena.append(UInt8(ascii: ","))
                LineProtocol.appendEscaped(tag: tag.key, to: &arena)
                arena.append(UInt8(ascii: "="))
                LineProtocol.appendEscaped(tag: tag.value, to: &arena)
            }
            if arena.count - start > LineProtocol.maxSeriesBytes {
                arena.removeLast(arena.count - start)
                refusals[id] =
                    "metric and tags are over InfluxDB's \(LineProtocol.maxSeriesBytes) bytes"
            } else {
                arena += " \(LineProtocol.fieldName)=".utf8
            }
        }
        let prefix = start..<arena.count
        prefixes[id] = prefix
        return prefix
    }

    /// `metric` as it is on the wire.
    static func escaped(measurement metric: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in metric.utf8 {
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: " ") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
        return bytes
    }

    private static func appendEscaped(tag word: String, to bytes: inout [UInt8]) {
        for byte in word.utf8 {
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "=") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
    }

    /// Why no line can express `series`, or `nil`.
    ///
    /// There is no way to escape a backslash: it is itself unless a character follows that can be
    /// escaped. At the end of a name it would escape the separator. Before a comma, a space or an
    /// equals sign the server's own scanners disagree: in a metric it vanishes (before a quote,
    /// too), in a tag a quote further on may then swallow the lines that follow. Such names are
    /// refused and not changed: two series must never become one.
    private static func refusal(of series: Series) -> String? {
        if let reason = refusal(of: series.metric, "metric") { return reason }
        if series.metric.contains("\\\"") {
            return "the metric holds a backslash before a quote, which InfluxDB drops"
        }
        switch series.metric.utf8.first {
        case UInt8(ascii: "#"): return "a metric that starts with # is a comment to InfluxDB"
        case 0, UInt8(ascii: "\t"):
            return "InfluxDB drops the white space that the metric starts with"
        default: break
        }
        for tag in series.tags.pairs {
            if tag.key == "time" { return "InfluxDB takes no tag with the key time" }
            if let reason = refusal(of: tag.key, "tag key") { return reason }
            if let reason = refusal(of: tag.value, "value of tag \(tag.key)") { return reason }
        }
        return nil
    }

    private static func refusal(of word: String, _ what: String) -> String? {
        if word.isEmpty { return "the \(what) is empty" }
        if word.utf8.last == UInt8(ascii: "\\") {
            return "the \(what) ends in a backslash, which InfluxDB cannot express"
        }
        if zip(word.utf8, word.utf8.dropFirst()).contains(where: isTorn) {
            return "the \(what) holds a backslash before a comma, space or equals sign, "
                + "which InfluxDB cannot express"
        }
        if word.utf8.contains(UInt8(ascii: "\n")) {
            return "the \(what) holds a newline, which InfluxDB cannot express"
        }
        return nil
    }

    private static func isTorn(_ byte: UInt8, _ next: UInt8) -> Bool {
        byte == UInt8(ascii: "\\")
            && (next == UInt8(ascii: ",") || next == UInt8(ascii: " ") || next == UInt8(ascii: "="))
    }
}
