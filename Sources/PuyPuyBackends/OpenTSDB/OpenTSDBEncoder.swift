internal import PuyPuyCore

/// Encodes points as the body of OpenTSDB's `/api/put`:
/// `[{"metric":"cpu_load","tags":{"host":"web1"},"timestamp":1700000000000,"value":0.5}]`.
///
/// Source: opentsdb 2.4 `core/IncomingDataPoint.java`, `core/Tags.java`, `core/TSDB.java`
/// (`checkTimestampAndTags`). Names are mapped by ``OpenTSDBName``. A whole number is an integer to
/// OpenTSDB, any other number a floating-point value; both may stand in one series, so numbers are
/// written as they are.
struct OpenTSDBEncoder {
    /// `Const.MAX_NUM_TAGS`
    static let maxTags = 8
    /// Names are keys of HBase rows, which are at most `Short.MAX_VALUE` long.
    static let maxNameBytes = 32_767
    /// Times up to here are seconds to OpenTSDB, larger ones milliseconds (`Const.SECOND_MASK`).
    private static let lastSecond: Int64 = 4_294_967_295
    private static let lastMillisecond: Int64 = 9_999_999_999_999

    private let sendsSeconds: Bool
    private var texts: SeriesTexts
    /// What became of the last points.
    private(set) var block = OpenTSDBBlock()

    /// An encoder that writes times in seconds or milliseconds, the finest unit there is, and leaves
    /// out the tags with the keys `droppedTags`.
    init(
        precision: BackendConfiguration.Precision = .milliseconds, droppedTags: [String] = []
    ) {
        sendsSeconds = precision == .seconds
        let dropped = Set(droppedTags)
        texts = SeriesTexts { OpenTSDBEncoder.write($0, without: dropped, to: &$1) }
    }

    /// Encodes the first `count` of `points` into ``block``, in place of what was there.
    mutating func encode(first count: Int, of points: PointBlock, catalog: any SeriesCatalog) {
        block.removeAll()
        _ = texts.tidy()
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * NumberText.maxBytes) { tail in
            for row in 0..<count {
                encode(row, of: points, catalog: catalog, tail: tail.baseAddress!)
            }
        }
        if block.count > 0 { block.bytes.append(UInt8(ascii: "]")) }
        block.rowEnd = count
    }

    /// See ``OpenTSDBBlock/cut(to:)``.
    mutating func cut(to count: Int) { block.cut(to: count) }

    /// See ``OpenTSDBBlock/refuseOnly(_:)``.
    mutating func refuseOnly(_ reason: String) { block.refuseOnly(reason) }

    private mutating func encode(
        _ row: Int, of points: PointBlock, catalog: any SeriesCatalog,
        tail: UnsafeMutablePointer<UInt8>
    ) {
        let place = texts.place(of: points.seriesIDs[row], in: catalog)
        let entry = texts.entries[place]
        if let refusal = entry.refusal { return refuse(row, refusal) }
        guard points.values[row].isFinite else { return refuse(row, "not a finite number") }
        guard let time = time(points.timestampsNs[row]) else {
            return refuse(
                row,
                sendsSeconds
                    ? "time outside the range of OpenTSDB's seconds, 1970 to 2106"
                    : "time outside the range of OpenTSDB's milliseconds, February 1970 to 2286")
        }
        block.bytes.append(block.count == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
        block.bytes.append(contentsOf: texts.bytes[entry.text])
        var count = NumberText.write(time, to: tail)
        block.identityEnds.append(block.bytes.count + count)
        count += OpenTSDBEncoder.write(",\"value\":", to: tail + count)
        switch points.values[row] {
        case .double(let double): count += NumberText.write(double, to: tail + count)
        case .integer(let integer): count += NumberText.write(integer, to: tail + count)
        }
        tail[count] = UInt8(ascii: "}")
        block.bytes.append(contentsOf: UnsafeBufferPointer(start: tail, count: count + 1))
        block.ends.append(block.bytes.count)
        block.rows.append(row)
    }

    private mutating func refuse(_ row: Int, _ reason: String) {
        block.rejections.append(Outcome.Rejection(row: row, reason: reason))
    }

    private static func write(_ text: StaticString, to start: UnsafeMutablePointer<UInt8>) -> Int {
        start.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return text.utf8CodeUnitCount
    }

    /// The whole units before `timestampNs`; `nil` when OpenTSDB refuses that time or takes it for
    /// another unit.
    private func time(_ timestampNs: Int64) -> Int64? {
        guard timestampNs > 0 else { return nil }
        if sendsSeconds {
            let seconds = timestampNs / 1_000_000_000
            return 1...OpenTSDBEncoder.lastSecond ~= seconds ? seconds : nil
        }
        let milliseconds = timestampNs / 1_000_000
        let range = (OpenTSDBEncoder.lastSecond + 1)...OpenTSDBEncoder.lastMillisecond
        return range ~= milliseconds ? milliseconds : nil
    }
}

extension OpenTSDBEncoder {
    /// Writes `{"metric":…,"tags":{…},"timestamp":`, the tags in the order of their keys on the wire,
    /// or returns why no point can express `series`.
    private static func write(
        _ series: Series, without dropped: Set<String>, to bytes: inout [UInt8]
    ) -> String? {
        let pairs = series.tags.pairs.filter { !dropped.contains($0.key) }
        if series.metric.isEmpty { return "the metric is empty" }
        if pairs.isEmpty { return "no tag, and OpenTSDB takes no point without one" }
        if pairs.count > maxTags {
            return "\(pairs.count) tags, and OpenTSDB takes at most \(maxTags): "
                + "name in drop_tags what to leave out"
        }
        let metric = mapped(series.metric)
        let tags = pairs.map { (key: mapped($0.key), value: mapped($0.value)) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for word in [metric] + tags.flatMap({ [$0.key, $0.value] }) where word.count > maxNameBytes
        {
            return "a name is over OpenTSDB's \(maxNameBytes) bytes"
        }
        OpenTSDBPoint.appendSeries(metric: metric, tags: tags, to: &bytes)
        return nil
    }

    private static func mapped(_ name: String) -> [UInt8] {
        var bytes: [UInt8] = []
        OpenTSDBName.append(name, to: &bytes)
        return bytes
    }
}
