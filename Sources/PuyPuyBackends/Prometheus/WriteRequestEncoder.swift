internal import PuyPuyCore

/// Encodes points as a request of Prometheus' remote write 1.0.
///
/// ```
/// message WriteRequest { repeated TimeSeries timeseries = 1; }
/// message TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
/// message Label        { string name = 1; string value = 2; }
/// message Sample       { double value = 1; int64 timestamp = 2; }
/// ```
///
/// Each series is there once, its labels sorted by name, its samples in the order of time: the server
/// drops in silence what comes out of order within a request. Times are rounded down to
/// milliseconds; of points of one series that then have the same time the last one stays.
///
/// The labels of a series are made once and kept, so a series number must mean the same series for
/// the life of the encoder. Source: prometheus.io/docs/specs/prw/remote_write_spec and
/// `prompb/types.proto`.
struct WriteRequestEncoder {
    /// So much of remembered series is kept before starting afresh.
    private static let rememberedBytes = 16 * 1024 * 1024

    private var arena: [UInt8] = []
    private var labels: [SeriesID: Range<Int>] = [:]
    private var slots: [SeriesID: Int] = [:]
    private var groups: [(series: SeriesID, rows: [Int32])] = []
    /// What became of the last block.
    private(set) var request = WriteRequest()

    /// Encodes `points` into ``request``, in place of what was there, but for those that `isKnown`
    /// says the server has, given their series and milliseconds.
    mutating func encode(
        _ points: PointBlock, catalog: any SeriesCatalog,
        except isKnown: (SeriesID, Int64) -> Bool = { _, _ in false }
    ) {
        request.removeAll()
        if arena.count > WriteRequestEncoder.rememberedBytes {
            arena.removeAll()
            labels.removeAll()
        }
        slots.removeAll(keepingCapacity: true)
        groups.removeAll(keepingCapacity: true)
        for row in 0..<points.count { sort(row, of: points, catalog: catalog, except: isKnown) }
        for group in groups { write(group.series, group.rows, of: points) }
    }

    /// Milliseconds since the epoch, rounded down.
    static func milliseconds(_ timestampNs: Int64) -> Int64 {
        let (quotient, rest) = timestampNs.quotientAndRemainder(dividingBy: 1_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    private mutating func sort(
        _ row: Int, of points: PointBlock, catalog: any SeriesCatalog,
        except isKnown: (SeriesID, Int64) -> Bool
    ) {
        let id = points.seriesIDs[row]
        guard points.values[row].isFinite else { return refuse(row, "not a finite number") }
        if (labels[id] ?? remember(id, catalog.series(id))).isEmpty {
            return refuse(row, "the metric is empty")
        }
        if isKnown(id, WriteRequestEncoder.milliseconds(points.timestampsNs[row])) { return }
        request.rows.append(row)
        if let slot = slots[id] {
            groups[slot].rows.append(Int32(row))
        } else {
            slots[id] = groups.count
            groups.append((id, [Int32(row)]))
        }
    }

    private mutating func refuse(_ row: Int, _ reason: String) {
        request.rejections.append(Outcome.Rejection(row: row, reason: reason))
    }

    private mutating func write(_ id: SeriesID, _ rows: [Int32], of points: PointBlock) {
        var samples = rows.map { row in
            (ms: WriteRequestEncoder.milliseconds(points.timestampsNs[Int(row)]), row: Int(row))
        }
        if !zip(samples, samples.dropFirst()).allSatisfy({ $0.ms < $1.ms }) {
            samples.sort { ($0.ms, $0.row) < ($1.ms, $1.row) }
            var kept = 0
            for (index, sample) in samples.enumerated() {
                let isLast = index + 1 == samples.count || samples[index + 1].ms != sample.ms
                guard isLast else { continue }
                samples[kept] = sample
                kept += 1
            }
            samples.removeLast(samples.count - kept)
        }
        let labels = labels[id]!
        // Tag and length of a sample, tag and eight bytes of its value, tag of its time.
        let fixedBytes = 2 + 9 + 1
        let bytes = samples.reduce(labels.count) { bytes, sample in
            bytes + fixedBytes + ProtobufBytes.varintBytes(UInt64(bitPattern: sample.ms))
        }
        ProtobufBytes.append(field: 1, .bytes, to: &request.bytes)
        ProtobufBytes.append(varint: UInt64(bytes), to: &request.bytes)
        request.bytes.append(contentsOf: arena[labels])
        for (ms, row) in samples {
            let time = UInt64(bitPattern: ms)
            ProtobufBytes.append(field: 2, .bytes, to: &request.bytes)
            request.bytes.append(UInt8(fixedBytes - 2 + ProtobufBytes.varintBytes(time)))
            ProtobufBytes.append(field: 1, .fixed64, to: &request.bytes)
            ProtobufBytes.append(
                fixed64: points.values[row].asDouble.bitPattern, to: &request.bytes)
            ProtobufBytes.append(field: 2, .varint, to: &request.bytes)
            ProtobufBytes.append(varint: time, to: &request.bytes)
            request.timesMs.append(ms)
        }
        request.series.append((id, request.timesMs.count))
    }

    /// Writes the labels of a series into the arena; an empty range when it has no name.
    private mutating func remember(_ id: SeriesID, _ series: Series) -> Range<Int> {
        let start = arena.count
        if !series.metric.isEmpty {
            var pairs = series.tags.pairs.map { (PrometheusNames.label($0.key), $0.value) }
            pairs.append(("__name__", PrometheusNames.metric(series.metric)))
            pairs.sort { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            var label: [UInt8] = []
            for (name, value) in pairs {
                label.removeAll(keepingCapacity: true)
                ProtobufBytes.append(field: 1, text: name, to: &label)
                ProtobufBytes.append(field: 2, text: value, to: &label)
                ProtobufBytes.append(field: 1, .bytes, to: &arena)
                ProtobufBytes.append(varint: UInt64(label.count), to: &arena)
                arena += label
            }
        }
        let range = start..<arena.count
        labels[id] = range
        return range
    }
}
