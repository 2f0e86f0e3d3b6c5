internal import PuyPuyCore

/// Encodes points as InfluxDB's line protocol: `metric,tag=value value=0.5 1700000000000000000`.
///
/// One field, `value`; one line per point, in the order of the rows. How names are written is a
/// matter of the server's version: ``LineDialect``.
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

    private let dialect: LineDialect
    private let sendsIntegers: Bool
    private let unitNs: Int64
    private var arena: [UInt8] = []
    private var prefixes: [SeriesID: Range<Int>] = [:]
    private var refusals: [SeriesID: String] = [:]
    /// What became of the last block.
    private(set) var lines = LineBlock()

    /// An encoder that writes times in `precision` and, if `sendsIntegers`, integers as `5i`.
    init(
        _ dialect: LineDialect = .influxDB1,
        precision: BackendConfiguration.Precision = .nanoseconds, sendsIntegers: Bool = false
    ) {
        self.dialect = dialect
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

    /// Writes the beginning of a series' lines into the arena; an empty range when it is refused.
    private mutating func remember(_ id: SeriesID, _ series: Series) -> Range<Int> {
        let start = arena.count
        if let reason = dialect.refusal(of: series) {
            refusals[id] = reason
        } else {
            dialect.append(measurement: series.metric, to: &arena)
            for tag in series.tags.pairs {
                arena.append(UInt8(ascii: ","))
                dialect.append(tag: tag.key, to: &arena)
                arena.append(UInt8(ascii: "="))
                dialect.append(tag: tag.value, to: &arena)
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
}
