internal import PuyPuyCore

/// The words in which InfluxDB 1.x and 2.x say what they do not like about a write, and the lines
/// that they point to.
///
/// Source: `models/points.go`, `tsdb/shard.go` and `coordinator/points_writer.go` of influxdb 1.6
/// and 2.7.
struct WriteComplaint {
    /// The server's words.
    let text: ArraySlice<UInt8>
    /// Whether they were neither cut by the server nor by us.
    let isWhole: Bool
    /// The answer, for the status in reasons.
    let response: HTTPResponse
    /// The request that it answers.
    let lines: LineBlock

    private var words: String { String(decoding: text, as: UTF8.self) }

    /// The points of the lines that could not be parsed: `unable to parse 'LINE': WHY`, one for
    /// every bad line. `nil` when the words are others.
    ///
    /// `isExact` when every complaint is about a line of ours, so that there are no others.
    var unparsable: (rejections: [Outcome.Rejection], isExact: Bool)? {
        let start = Array("unable to parse '".utf8)
        guard text.starts(with: start) else { return nil }
        var rejections: [Outcome.Rejection] = []
        var rows: Set<Int> = []
        var isExact = isWhole
        for complaint in text.split(separator: UInt8(ascii: "\n")) {
            let quoted = complaint.dropFirst(start.count)
            let found = complaint.starts(with: start) ? lines.lines(quotedIn: quoted) : []
            if found.isEmpty { isExact = false }
            let reason = response.reason(String(decoding: complaint, as: UTF8.self))
            for line in found where rows.insert(lines.rows[line]).inserted {
                rejections.append(Outcome.Rejection(row: lines.rows[line], reason: reason))
            }
        }
        return (rejections, isExact)
    }

    /// The lines that a partial write may have dropped; empty when the words point to none.
    var suspects: [Int] {
        if isAboutRetention { return lines.oldest(dropped ?? 0) }
        return typeConflict ?? []
    }

    /// Whether the words give one reason for all that was dropped, and point at no other lines.
    var explainsAll: Bool {
        dropped == lines.count && suspects.count == lines.count
    }

    private var isAboutRetention: Bool {
        words.hasPrefix("points beyond retention policy")
            || words.hasPrefix("dropped ") && words.contains("outside retention policy")
    }

    /// `… on measurement "M" is type float, already exists as type integer`: the lines of M with a
    /// value of that type. The first conflict only; others may be among the dropped.
    private var typeConflict: [Int]? {
        let text = words
        guard text.contains("field type conflict: "),
            let name = text.firstRange(of: " on measurement \""),
            let type = text[name.upperBound...].firstRange(of: "\" is type ")
        else { return nil }
        var measurement: [UInt8] = []
        LineDialect.influxDB1.append(
            measurement: String(text[name.upperBound..<type.lowerBound]), to: &measurement)
        let isInteger = text[type.upperBound...].hasPrefix("integer")
        return lines.lines(of: measurement).filter { lines.isInteger($0) == isInteger }
    }

    /// N of `dropped=N`, the last words of 1.x; 2.x may go on with the name of the database.
    private var dropped: Int? {
        let text = words
        guard let start = text.ranges(of: "dropped=").last?.upperBound else { return nil }
        return Int(text[start...].prefix { $0 != " " }).map { max(0, $0) }
    }
}
