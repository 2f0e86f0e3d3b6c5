internal import PuyPuyCore

/// Points as text: one line each, `time metric{tags} value`.
enum PointText {
    /// The line of `point`, without a line end.
    static func line(_ point: Point) -> String {
        "\(Readable.time(ns: point.timestampNs))  \(point.series.metric)"
            + (point.series.tags.pairs.isEmpty ? "" : "{\(point.series.tags)}")
            + "  \(point.value)"
    }

    /// A table of points without the tags that all of them share, which are said once above it.
    static func table(_ points: [Point], width: Int) -> String {
        var shared = Set(points.first?.series.tags.pairs ?? [])
        for point in points { shared.formIntersection(point.series.tags.pairs) }
        var table = Table([
            ("time (UTC)", .left), ("metric", .left), ("tags", .left), ("value", .right),
        ])
        for point in points {
            let own = point.series.tags.pairs.filter { !shared.contains($0) }
            table.add([
                Readable.time(ns: point.timestampNs), point.series.metric,
                own.map { "\($0.key)=\($0.value)" }.joined(separator: ","),
                Readable.value(point.value),
            ])
        }
        let common = shared.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let head = common.isEmpty ? "" : "all points: \(common.joined(separator: " "))\n"
        return head + table.text(width: width)
    }
}
