internal import ArgumentParser
internal import PuyPuyBackends
internal import PuyPuyCore

/// How exported points are written.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    /// InfluxDB's line protocol.
    case line
    /// RFC 4180, with a column for each tag.
    case csv
    /// A JSON object on each line.
    case json
}

/// Writes points in one format. What a series has in all of its lines is made once and kept.
struct PointWriter {
    /// So many series are remembered before starting afresh.
    private static let seriesKept = 20_000

    private let format: ExportFormat
    private let keys: [String]
    private var lines = LineText()
    private var texts: [SeriesID: [UInt8]] = [:]
    /// Points that the format cannot express, and why the first could not.
    private(set) var left = 0
    private(set) var firstReason: String?

    /// A writer; `keys` are the tags' keys in the order of the columns, for CSV.
    init(_ format: ExportFormat, keys: [String]) {
        self.format = format
        self.keys = keys
    }

    /// What stands before the first point.
    var head: [UInt8] {
        guard format == .csv else { return [] }
        return Array(CSVText.record(["time", "metric"] + keys + ["value"]).utf8)
    }

    /// The lines of `block`.
    mutating func write(_ block: PointBlock, catalog: any SeriesCatalog) -> [UInt8] {
        if format == .line {
            let made = lines.lines(of: block, catalog: catalog)
            left += made.left.count
            firstReason = firstReason ?? made.left.first?.reason
            return made.bytes
        }
        if texts.count > Self.seriesKept { texts.removeAll() }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(block.count * 100)
        for row in 0..<block.count {
            let text = text(of: block.seriesIDs[row], catalog)
            let time = block.timestampsNs[row]
            if format == .csv {
                bytes += TimeText.text(ns: time).utf8
                bytes += text
                bytes += "\(block.values[row])\r\n".utf8
            } else {
                bytes += text
                bytes += "\(time),\"value\":\(block.values[row])}\n".utf8
            }
        }
        return bytes
    }

    /// What stands between time and value in CSV, and before the time in JSON.
    private mutating func text(of id: SeriesID, _ catalog: any SeriesCatalog) -> [UInt8] {
        if let text = texts[id] { return text }
        let series = catalog.series(id)
        var text: String
        if format == .csv {
            text = "," + CSVText.field(series.metric) + ","
            for key in keys { text += CSVText.field(series.tags[key] ?? "") + "," }
        } else {
            let members = series.tags.pairs.map { ($0.key, JSONText.string($0.value)) }
            text =
                "{\"metric\":\(JSONText.string(series.metric)),\"tags\":\(JSONText.object(members)),"
                + "\"time_ns\":"
        }
        let bytes = Array(text.utf8)
        texts[id] = bytes
        return bytes
    }
}
