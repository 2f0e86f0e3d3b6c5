internal import PuyPuyCore

/// The complaints in KairosDB's 400, `{"errors":["…","…"]}`, and the rows that they are about.
///
/// Source: kairosdb 1.3 `DataPointsParser.validateAndAddDataPoints`. What begins with
/// `metric[I](name=NAME).` is about one metric object: all of its points, or, with `datapoints[J]`,
/// one of them. The server does not count a refused point, so J is too small by the number of the
/// complaints about points of the same object before.
struct KairosComplaints {
    /// The rows that are refused, each with the server's words.
    private(set) var rejections: [Outcome.Rejection] = []
    /// Whether every complaint names its rows.
    private(set) var isExact = true
    /// The first complaint that does not.
    private(set) var unplaced: String?
    /// The first complaint.
    private(set) var first: String?

    private var seen: Set<Int> = []
    private var refusedPoints: [Int: Int] = [:]
    private let response: HTTPResponse

    /// Reads the answer to `block`; `nil` when it is not of that form.
    init?(_ response: HTTPResponse, block: KairosBlock) {
        guard let errors = JSONValue(response.body)?["errors"]?.array else { return nil }
        self.response = response
        for error in errors {
            let text = error.string ?? ""
            if first == nil { first = text }
            place(text, in: block)
        }
        if first == nil { isExact = false }
        rejections.sort { $0.row < $1.row }
    }

    private mutating func place(_ text: String, in block: KairosBlock) {
        guard let (metric, rest) = KairosComplaints.metric(of: text, in: block) else {
            return notPlaced(text)
        }
        let rows = block.rows(ofMetric: metric)
        if let position = KairosComplaints.index(rest, behind: "datapoints[") {
            let before = refusedPoints[metric, default: 0]
            refusedPoints[metric] = before + 1
            guard position < rows.count - before else { return notPlaced(text) }
            reject(rows[rows.startIndex + position + before], text)
        } else if rest.starts(with: "tag".utf8) || rest.starts(with: "name".utf8) {
            for row in rows { reject(row, text) }
        } else {
            notPlaced(text)
        }
    }

    private mutating func reject(_ row: Int, _ text: String) {
        guard seen.insert(row).inserted else { return }
        rejections.append(Outcome.Rejection(row: row, reason: response.reason(text)))
    }

    private mutating func notPlaced(_ text: String) {
        isExact = false
        if unplaced == nil { unplaced = text }
    }

    /// The metric object that `text` begins with, and what comes behind `metric[I](name=NAME).`. The
    /// name is known, so it may hold anything.
    private static func metric(
        of text: String, in block: KairosBlock
    ) -> (number: Int, rest: Substring.UTF8View)? {
        var rest = Substring(text).utf8
        guard let number = index(rest, behind: "metric["), number < block.starts.count else {
            return nil
        }
        rest = rest.drop { $0 != UInt8(ascii: "]") }.dropFirst()
        if rest.starts(with: "(name=".utf8) {
            rest = rest.dropFirst(6)
            guard rest.starts(with: block.names[number].utf8) else { return nil }
            rest = rest.dropFirst(block.names[number].utf8.count)
            guard rest.popFirst() == UInt8(ascii: ")") else { return nil }
        }
        guard rest.popFirst() == UInt8(ascii: ".") else { return nil }
        return (number, rest)
    }

    /// N of `PREFIXN]…`.
    private static func index(_ text: Substring.UTF8View, behind prefix: String) -> Int? {
        guard text.starts(with: prefix.utf8) else { return nil }
        let digits = text.dropFirst(prefix.utf8.count).prefix { $0 != UInt8(ascii: "]") }
        return Int(Substring(digits)).flatMap { $0 >= 0 ? $0 : nil }
    }
}
