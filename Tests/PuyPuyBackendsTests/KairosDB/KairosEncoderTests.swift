import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct KairosEncoderTests {
    static func point(
        _ metric: String = "m", _ tags: Tags = ["host": "a"], at timestampNs: Int64 = 1_000_000,
        _ value: Value = .double(1)
    ) -> Point {
        Point(series: Series(metric: metric, tags: tags), timestampNs: timestampNs, value: value)
    }

    static func encode(_ points: [Point]) -> KairosBlock {
        let (block, catalog) = LineProtocolTests.block(points)
        var encoder = KairosEncoder()
        encoder.encode(block, catalog: catalog)
        return encoder.block
    }

    static func text(_ block: KairosBlock) -> String {
        String(decoding: block.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (
            point(
                "cpu_load", ["host": "web1", "core": "0"], at: 1_700_000_000_123_999_999,
                .double(0.5)),
            #"[{"name":"cpu_load","type":"double","tags":{"core":"0","host":"web1"},"datapoints":[[1700000000123,0.5]]}]"#
        ),
        (
            point("a b,\"c\"\\", ["k=:": "ü\n😀"]),
            #"[{"name":"a b,\"c\"\\","type":"double","tags":{"k=:":"ü\n😀"},"datapoints":[[1,1]]}]"#
        ),
    ]) func `a point is one metric object`(point: Point, body: String) {
        let block = Self.encode([point])
        #expect(Self.text(block) == body)
        #expect(block.rejections.isEmpty)
    }

    @Test func `points are grouped by series, each in the order of its rows`() {
        let block = Self.encode([
            Self.point("a", at: 1_000_000), Self.point("b", at: 2_000_000),
            Self.point(""), Self.point("a", at: 3_000_000), Self.point("c", at: 4_000_000),
            Self.point("b", at: 5_000_000),
        ])
        let body = Self.text(block)
        #expect(
            body.contains(
                #""name":"a","type":"double","tags":{"host":"a"},"datapoints":[[1,1],[3,1]]}"#))
        #expect(
            body.contains(
                #""name":"b","type":"double","tags":{"host":"a"},"datapoints":[[2,1],[5,1]]}"#))
        #expect(block.names == ["a", "b", "c"])
        #expect(Array(block.rows(ofMetric: 0)) == [0, 3])
        #expect(Array(block.rows(ofMetric: 1)) == [1, 5])
        #expect(Array(block.rows(ofMetric: 2)) == [4])
        #expect(block.rejections.map(\.row) == [2])
        #expect(block.count == 5)
    }

    @Test(arguments: [
        (Value.integer(.max), "9.223372036854775807e+18"),
        (.integer(.min), "-9.223372036854775808e+18"),
        (.integer(9_007_199_254_740_993), "9007199254740992"), (.integer(-3), "-3"),
        (.double(5), "5"), (.double(-0.0), "-0.0"), (.double(.leastNonzeroMagnitude), "5e-324"),
        (.double(1e-7), "1e-07"), (.double(1.7976931348623157e308), "1.7976931348623157e+308"),
    ]) func `every value is the text of a double`(value: Value, text: String) throws {
        let body = try JSONNode(parsing: Self.encode([Self.point("m", ["k": "v"], value)]).bytes)
        let metric = try #require(body.elements.first)
        #expect(metric["type"]?.text == "double")
        let written = try #require(metric["datapoints"]?.elements[0].elements[1].numberText)
        #expect(Double(written)?.bitPattern == Double(text)?.bitPattern)
        #expect(Double(written)?.bitPattern == value.asDouble.bitPattern)
    }

    @Test(arguments: [
        (Int64.min, "-9223372036855"), (-1, "-1"), (0, "0"), (999_999, "0"),
        (1_700_000_000_123_999_999, "1700000000123"), (.max, "9223372036854"),
    ]) func `times are rounded down to milliseconds`(timestampNs: Int64, text: String) {
        #expect(Self.text(Self.encode([Self.point(at: timestampNs)])).contains("[[\(text),1]]"))
    }

    @Test(arguments: [
        (point(""), "metric is empty"), (point("m", .none), "no tag"),
        (point("a\u{0}b"), "NUL"), (point("m", ["k": "v"], .double(.nan)), "finite"),
        (point("m", ["k": "v"], .double(.infinity)), "finite"),
        (point(String(repeating: "m", count: KairosEncoder.maxKeyBytes)), "over KairosDB's"),
        (point("m", ["k": String(repeating: ":", count: 40_000)]), "over KairosDB's"),
    ]) func `what KairosDB cannot keep costs that point only`(bad: Point, words: String) {
        let good = Self.point("good")
        let block = Self.encode([good, bad, good, bad])
        #expect(block.rows == [0, 2])
        #expect(block.rejections.map(\.row) == [1, 3])
        #expect(block.rejections.allSatisfy { $0.reason.contains(words) })
        #expect((try? JSONNode(parsing: block.bytes))?.elements.count == 1)
    }

    @Test func `an encoder forgets the block before and remembers the series`() {
        var encoder = KairosEncoder()
        let (block, catalog) = LineProtocolTests.block([
            Self.point("a"), Self.point("b"), Self.point(""),
        ])
        encoder.encode(block, catalog: catalog)
        let first = encoder.block
        #expect(first.names == ["a", "b"])
        encoder.encode(block.selecting([1]), catalog: catalog)
        #expect(encoder.block.names == ["b"])
        #expect(encoder.block.rejections.isEmpty)
        encoder.encode(block.selecting([2]), catalog: catalog)
        #expect(encoder.block.bytes.isEmpty)
        encoder.encode(block, catalog: catalog)
        #expect(encoder.block.bytes == first.bytes)
    }
}
