internal import PuyPuyCore

/// What is looked for among the series: `/api/v1/series?match=cpu+core=all&limit=50`.
///
/// Every word of `match` has to be somewhere in the metric or the tags, in any case of its letters. A
/// word with `*` or `?` is a pattern for the whole metric.
struct SeriesSearch: Sendable {
    static let names = ["match", "limit"]
    static let defaultLimit = 50
    static let maxLimit = 1_000
    /// More words would only cost time.
    static let maxWords = 8
    static let maxBytes = 256

    private let parts: [[UInt8]]
    private let patterns: [Glob]
    /// The most series in the answer.
    let limit: Int

    /// A search for what a request asks for.
    init(_ query: WebQuery) throws(WebParameterError) {
        let text = try query.one("match") ?? ""
        guard text.utf8.count <= Self.maxBytes else {
            throw WebParameterError(
                parameter: "match", message: "it is longer than \(Self.maxBytes) bytes")
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count <= Self.maxWords else {
            throw WebParameterError(
                parameter: "match", message: "it has more than \(Self.maxWords) words")
        }
        let isPattern = { (word: Substring) in word.contains { $0 == "*" || $0 == "?" } }
        patterns = words.filter(isPattern).map { Glob($0.lowercased()) }
        parts = words.filter { !isPattern($0) }.map { Array($0.lowercased().utf8) }
        limit = Int(
            try query.integer("limit", in: 1...Int64(Self.maxLimit))
                ?? Int64(Self.defaultLimit))
    }

    /// How well a series is meant: 0 when the metric begins with the first word, 1 when the metric has
    /// all words, 2 when tags do; `nil` when it is not meant.
    func rank(metric: String, tags: String) -> Int? {
        if parts.isEmpty && patterns.isEmpty { return 0 }
        let lowerMetric = metric.lowercased()
        for pattern in patterns where !pattern.matches(lowerMetric) { return nil }
        let metric = Array(lowerMetric.utf8)
        let missing = parts.filter { !Self.contains(metric, $0) }
        if missing.isEmpty {
            guard let first = parts.first else { return 0 }
            return metric.starts(with: first) ? 0 : 1
        }
        let tags = Array(tags.lowercased().utf8)
        return missing.allSatisfy { Self.contains(tags, $0) } ? 2 : nil
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard text.count >= part.count, let first = part.first else { return part.isEmpty }
        for start in 0...(text.count - part.count)
        where text[start] == first && text[start..<(start + part.count)].elementsEqual(part) {
            return true
        }
        return false
    }
}

/// The best of the series that a search met, in order, however many there are.
struct SeriesFindings {
    /// One series that is meant.
    struct Finding {
        let rank: Int
        let metric: String
        /// Canonical text.
        let tags: String

        func precedes(_ other: Finding) -> Bool {
            if rank != other.rank { return rank < other.rank }
            if metric != other.metric { return metric < other.metric }
            return tags < other.tags
        }
    }

    let search: SeriesSearch
    /// At most as many as the search's limit.
    private(set) var best: [Finding] = []
    /// How many are meant in all.
    private(set) var count = 0
    /// How many there are at all.
    private(set) var series = 0

    init(_ search: SeriesSearch) { self.search = search }

    mutating func add(metric: String, tags: String) {
        series += 1
        guard let rank = search.rank(metric: metric, tags: tags) else { return }
        count += 1
        let finding = Finding(rank: rank, metric: metric, tags: tags)
        if best.count == search.limit {
            guard let last = best.last, finding.precedes(last) else { return }
            best.removeLast()
        }
        var low = 0
        var high = best.count
        while low < high {
            let middle = (low + high) / 2
            if best[middle].precedes(finding) { low = middle + 1 } else { high = middle }
        }
        best.insert(finding, at: low)
    }

    /// The answer; `value` knows the last values.
    func json(value: (Series) -> Value?) -> String {
        JSONText.object([
            ("series", "\(series)"), ("matching", "\(count)"),
            (
                "found",
                JSONText.array(
                    best.map { finding in
                        let series = Series(
                            metric: finding.metric, tags: Tags(finding.tags) ?? .none)
                        return JSONText.object([
                            ("key", JSONText.string("\(finding.metric){\(finding.tags)}")),
                            ("metric", JSONText.string(finding.metric)),
                            ("tags", series.tags.json),
                            ("last_value", value(series).map { "\($0)" } ?? "null"),
                        ])
                    })
            ),
        ])
    }
}

extension Tags {
    /// The tags as an object.
    var json: String { JSONText.object(pairs.map { ($0.key, JSONText.string($0.value)) }) }
}
