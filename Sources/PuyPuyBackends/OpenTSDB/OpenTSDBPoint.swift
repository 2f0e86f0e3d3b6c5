internal import PuyPuyCore

/// The identity of a point in OpenTSDB, as bytes: `{"metric":…,"tags":{…},"timestamp":…`.
///
/// One form for what is sent and for what an answer repeats, so that they can be compared.
enum OpenTSDBPoint {
    /// Adds what comes before the time. Names hold only characters that JSON does not escape, and
    /// `tags` are in the order of their keys.
    static func appendSeries(
        metric: [UInt8], tags: [(key: [UInt8], value: [UInt8])], to bytes: inout [UInt8]
    ) {
        bytes += "{\"metric\":\"".utf8
        bytes += metric
        bytes += "\",\"tags\":{".utf8
        for (index, tag) in tags.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "\""))
            bytes += tag.key
            bytes += "\":\"".utf8
            bytes += tag.value
            bytes.append(UInt8(ascii: "\""))
        }
        bytes += "},\"timestamp\":".utf8
    }

    /// The identity of a point that an answer repeats; `nil` when it does not name one. The value is
    /// not looked at: the server repeats it as a string, and it may write it in another way.
    static func identity(of point: JSONValue) -> [UInt8]? {
        guard let metric = point["metric"]?.string, case .object(let members) = point["tags"],
            case .number(let time) = point["timestamp"]
        else { return nil }
        let tags = members.map { key, value in
            (key: Array(key.utf8), value: Array((value.string ?? "").utf8))
        }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var bytes: [UInt8] = []
        appendSeries(metric: Array(metric.utf8), tags: tags, to: &bytes)
        bytes += time.utf8
        return bytes
    }
}
