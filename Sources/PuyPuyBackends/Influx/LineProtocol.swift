internal import Glibc
internal import PuyPuyCore

/// Encodes points as InfluxDB's line protocol: `metric,tag=value value=0.5 1700000000000000000`.
///
/// One field, `value`; one line per point, in the order of the rows. How names are written is a
/// matter of the server's version: ``LineDialect``.
///
/// The part of a line before the value is made once per series and kept, so a series number must
/// mean the same series for the life of the encoder. The part behind it is kept from line to line, since
/// points that were collected together have the same time.
struct LineProtocol {
    /// The server counts `series#!~#field` against 65535 (`models.MaxKeyLength`).
    static let maxSeriesBytes = 65_535 - 4 - fieldName.utf8.count
    /// Dashboards of the first PuyPuy read this field.
    static let fieldName = "value"
    /// A line's value and its `i`.
    private static let maxValueBytes = NumberText.maxBytes + 1
    /// A space, a time and a newline.
    private static let maxEndBytes = NumberText.maxBytes + 2
    /// Lines are put together here, in memory that stays close to the processor. The longest fits.
    private static let stagingBytes = 80 * 1024

    private let sendsIntegers: Bool
    private let unitNs: Int64
    private var texts: SeriesTexts

    /// An encoder that writes times in `precision` and, if `sendsIntegers`, integers as `5i`.
    init(
        _ dialect: LineDialect = .influxDB1,
        precision: BackendConfiguration.Precision = .nanoseconds, sendsIntegers: Bool = false
    ) {
        self.sendsIntegers = sendsIntegers
        unitNs =
            switch precision {
            case .nanoseconds: 1
            case .microseconds: 1000
            case .milliseconds: 1_000_000
            case .seconds: 1_000_000_000
            }
        texts = SeriesTexts { LineProtocol.write($0, dialect, to: &$1) }
    }

    /// Encodes `points` into `lines`, in place of what was there.
    mutating func encode(
        _ points: PointBlock, catalog: any SeriesCatalog, to lines: inout LineBlock
    ) {
        lines.removeAll()
        _ = texts.tidy()
        let room = Self.stagingBytes + Self.maxEndBytes
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { memory in
            let staging = memory.baseAddress!
            var staged = 0
            var end = LineEnd(staging + Self.stagingBytes)
            for row in 0..<points.count {
                let place = texts.place(of: points.seriesIDs[row], in: catalog)
                let text = texts.entries[place].text
                if text.isEmpty {
                    lines.refuse(row, texts.entries[place].refusal ?? "")
                    continue
                }
                let value = points.values[row]
                guard value.isFinite else {
                    lines.refuse(row, "not a finite number")
                    continue
                }
                let timestampNs = points.timestampsNs[row]
                guard end.set(timestampNs, unitNs) else {
                    lines.refuse(row, "time outside the range of InfluxDB")
                    continue
                }
                if Self.stagingBytes - staged < text.count + Self.maxValueBytes + Self.maxEndBytes {
                    lines.bytes.append(contentsOf: memory[..<staged])
                    staged = 0
                }
                // Room is checked above, for the three parts of the line.
                texts.bytes.withUnsafeBufferPointer {
                    _ = memcpy(
                        staging + staged, $0.baseAddress! + text.lowerBound, text.count)
                }
                staged += text.count
                staged += write(value, to: staging + staged)
                memcpy(staging + staged, end.start, end.count)
                staged += end.count
                lines.ends.append(lines.bytes.count + staged)
                lines.rows.append(row)
                lines.timestampsNs.append(timestampNs)
            }
            lines.bytes.append(contentsOf: memory[..<staged])
        }
    }

    private func write(_ value: Value, to start: UnsafeMutablePointer<UInt8>) -> Int {
        switch value {
        case .double(let double): return NumberText.write(double, to: start)
        case .integer(let integer):
            let count = NumberText.write(integer, to: start)
            if !sendsIntegers { return count }
            start[count] = UInt8(ascii: "i")
            return count + 1
        }
    }

    /// Writes the beginning of a series' lines, or returns why there can be none.
    private static func write(
        _ series: Series, _ dialect: LineDialect, to bytes: inout [UInt8]
    ) -> String? {
        if let reason = dialect.refusal(of: series) { return reason }
        let start = bytes.count
        dialect.append(measurement: series.metric, to: &bytes)
        for tag in series.tags.pairs {
            bytes.append(UInt8(ascii: ","))
            dialect.append(tag: tag.key, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            dialect.append(tag: tag.value, to: &bytes)
        }
        if bytes.count - start > LineProtocol.maxSeriesBytes {
            return "metric and tags are over InfluxDB's \(LineProtocol.maxSeriesBytes) bytes"
        }
        bytes += " \(LineProtocol.fieldName)=".utf8
        return nil
    }
}

/// What stands behind the value in a line: a space, the time and a newline. The last one is kept.
private struct LineEnd {
    /// The bytes; valid as long as the memory that was given.
    let start: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var timestampNs: Int64?

    /// No end yet; `start` has room for the longest.
    init(_ start: UnsafeMutablePointer<UInt8>) { self.start = start }

    /// Makes it the end of a line at `timestampNs`, rounded down to `unitNs`. False when the server
    /// refuses that time.
    mutating func set(_ timestampNs: Int64, _ unitNs: Int64) -> Bool {
        if timestampNs == self.timestampNs { return true }
        guard let time = LineEnd.time(timestampNs, unitNs) else { return false }
        start[0] = UInt8(ascii: " ")
        count = 1 + NumberText.write(time, to: start + 1)
        start[count] = UInt8(ascii: "\n")
        count += 1
        self.timestampNs = timestampNs
        return true
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
