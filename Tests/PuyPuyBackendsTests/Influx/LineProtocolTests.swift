import PuyPuyCore
import Synchronization
import Testing

@testable import PuyPuyBackends

@Suite struct LineProtocolTests {
    private static let numbers = Mutex<[Series: SeriesID]>([:])

    /// A block of `points` and its catalogue. A series has the same number in every block.
    static func block(_ points: [Point]) -> (PointBlock, [SeriesID: Series]) {
        var block = PointBlock()
        var catalog: [SeriesID: Series] = [:]
        for point in points {
            let id = numbers.withLock { numbers in
                let id = numbers[point.series] ?? SeriesID(numbers.count + 1)
                numbers[point.series] = id
                return id
            }
            catalog[id] = point.series
            block.append(series: id, timestampNs: point.timestampNs, value: point.value)
        }
        return (block, catalog)
    }

    static func encode(
        _ points: [Point], for dialect: LineDialect = .influxDB1,
        precision: BackendConfiguration.Precision = .nanoseconds,
        sendsIntegers: Bool = false
    ) -> LineBlock {
        let (block, catalog) = block(points)
        var encoder = LineProtocol(dialect, precision: precision, sendsIntegers: sendsIntegers)
        var lines = LineBlock()
        encoder.encode(block, catalog: catalog, to: &lines)
        return lines
    }

    static func text(_ lines: LineBlock) -> String { String(decoding: lines.bytes, as: UTF8.self) }

    static func point(
        _ metric: String = "m", _ tags: Tags = .none, at timestampNs: Int64 = 1,
        _ value: Value = .double(1)
    ) -> Point {
        Point(series: Series(metric: metric, tags: tags), timestampNs: timestampNs, value: value)
    }

    @Test(arguments: [
        (
            point(
                "cpu_load", ["host": "web1", "core": "0"], at: 1_700_000_000_000_000_000,
                .double(0.5)),
            "cpu_load,core=0,host=web1 value=0.5 1700000000000000000\n"
        ),
        (point(), "m value=1 1\n"),
        (point("m", at: -7, .integer(-3)), "m value=-3 -7\n"),
        (point("a b,c=d", ["k 1,=": "v 1,="]), #"a\ b\,c=d,k\ 1\,\==v\ 1\,\= value=1 1"# + "\n"),
        (point("m", ["p": #"C:\x y"#]), #"m,p=C:\x\ y value=1 1"# + "\n"),
        (point("größe", ["ü": "☃\""]), "größe,ü=☃\" value=1 1\n"),
        (point("m", .none, at: 1, .double(-0.0)), "m value=-0.0 1\n"),
    ]) func `a point is one line`(point: Point, line: String) {
        let lines = Self.encode([point])
        #expect(Self.text(lines) == line)
        #expect(lines.rejections.isEmpty)
        #expect(Array(lines.line(0)) == Array(line.utf8.dropLast()))
    }

    @Test func `integers are floats unless they are asked for`() {
        let points = [Self.point("m", .none, at: 1, .integer(.max)), Self.point()]
        #expect(Self.text(Self.encode(points)) == "m value=9223372036854775807 1\nm value=1 1\n")
        let lines = Self.encode(points, sendsIntegers: true)
        #expect(Self.text(lines) == "m value=9223372036854775807i 1\nm value=1 1\n")
        #expect(lines.isInteger(0))
        #expect(!lines.isInteger(1))
    }

    @Test(arguments: [
        (BackendConfiguration.Precision.nanoseconds, 1_999_999_999, "1999999999"),
        (.microseconds, 1_999_999_999, "1999999"), (.milliseconds, 1_999_999_999, "1999"),
        (.seconds, 1_999_999_999, "1"), (.seconds, -1, "-1"), (.milliseconds, -1_000_000, "-1"),
        (.nanoseconds, .min + 2, "-9223372036854775806"),
        (.nanoseconds, .max - 1, "9223372036854775806"),
        (.seconds, .max, "9223372036"),
    ]) func `times are rounded down to the precision`(
        precision: BackendConfiguration.Precision, timestampNs: Int64, text: String
    ) {
        let lines = Self.encode([Self.point(at: timestampNs)], precision: precision)
        #expect(Self.text(lines) == "m value=1 \(text)\n")
    }

    @Test(arguments: [
        (BackendConfiguration.Precision.nanoseconds, Int64.min), (.nanoseconds, .min + 1),
        (.nanoseconds, .max), (.seconds, .min), (.microseconds, .min + 2),
    ]) func `times outside the server's range are refused here`(
        precision: BackendConfiguration.Precision, timestampNs: Int64
    ) {
        let lines = Self.encode([Self.point(at: timestampNs)], precision: precision)
        #expect(lines.count == 0)
        #expect(lines.rejections.map(\.row) == [0])
    }

    @Test(arguments: [
        (point(""), "metric is empty"),
        (point("#m"), "comment"),
        (point("\tm"), "white space"), (point("\0m"), "white space"),
        (point(#"m\"#), "metric ends in a backslash"),
        (point("m\nn"), "metric holds a newline"),
        (point(#"m\,n"#), "metric holds a backslash before"),
        (point(#"m\"n"#), "metric holds a backslash before"),
        (point("m", [#"k\ l"#: "v"]), "tag key holds a backslash before"),
        (point("m", ["k": #"a\=b"#]), "value of tag k holds a backslash before"),
        (point("m", ["time": "1"]), "key time"),
        (point("m", [#"k\"#: "v"]), "tag key ends in a backslash"),
        (point("m", ["k\n": "v"]), "tag key holds a newline"),
        (point("m", ["path": #"C:\"#]), "value of tag path ends in a backslash"),
        (point("m", ["k": "a\nb"]), "value of tag k holds a newline"),
        (point("m", .none, at: 1, .double(.nan)), "finite"),
        (point("m", .none, at: 1, .double(.infinity)), "finite"),
        (point(String(repeating: "m", count: LineProtocol.maxSeriesBytes + 1)), "over InfluxDB's"),
        (point("m", ["k": String(repeating: ",", count: 40_000)]), "over InfluxDB's"),
    ]) func `what line protocol cannot express costs that point only`(
        bad: Point, words: String
    ) throws {
        let good = Self.point("good")
        let lines = Self.encode([good, bad, good, bad])
        #expect(Self.text(lines) == "good value=1 1\ngood value=1 1\n")
        #expect(lines.rows == [0, 2])
        #expect(lines.rejections.map(\.row) == [1, 3])
        #expect(lines.rejections.allSatisfy { $0.reason.contains(words) })
    }

    @Test func `an encoder forgets the block before and remembers the series`() {
        var encoder = LineProtocol()
        var lines = LineBlock()
        let (block, catalog) = Self.block([
            Self.point("a", at: 1), Self.point("b", at: 2), Self.point(""),
        ])
        for _ in 0..<3 {
            encoder.encode(block, catalog: catalog, to: &lines)
            #expect(Self.text(lines) == "a value=1 1\nb value=1 2\n")
            #expect(lines.rejections.count == 1)
        }
        encoder.encode(block.selecting([1]), catalog: catalog, to: &lines)
        #expect(Self.text(lines) == "b value=1 2\n")
        #expect(lines.rejections.isEmpty)
    }
}
