import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct OpenTSDBEncoderTests {
    /// A time that milliseconds and seconds have.
    static let timeNs: Int64 = 1_700_000_000_000_000_000

    static func point(
        _ metric: String = "m", _ tags: Tags = ["host": "a"], at timestampNs: Int64 = timeNs,
        _ value: Value = .double(1)
    ) -> Point {
        Point(series: Series(metric: metric, tags: tags), timestampNs: timestampNs, value: value)
    }

    static func encode(
        _ points: [Point], precision: BackendConfiguration.Precision = .milliseconds,
        droppedTags: [String] = []
    ) -> OpenTSDBBlock {
        let (block, catalog) = LineProtocolTests.block(points)
        var encoder = OpenTSDBEncoder(precision: precision, droppedTags: droppedTags)
        encoder.encode(first: block.count, of: block, catalog: catalog)
        return encoder.block
    }

    static func text(_ block: OpenTSDBBlock) -> String {
        String(decoding: block.bytes, as: UTF8.self)
    }

    static func tags(_ count: Int) -> Tags { Tags((0..<count).map { ("k\($0)", "v") }) }

    @Test(arguments: [
        (
            point(
                "cpu_load", ["host": "web1", "core": "0"], at: timeNs + 123_999_999, .double(0.5)),
            #"[{"metric":"cpu_load","tags":{"core":"0","host":"web1"},"timestamp":1700000000123,"value":0.5}]"#
        ),
        (
            point("a b", ["k,": "\"ü\\"]),
            #"[{"metric":"a_x20b","tags":{"k_x2C":"_x22_xC3_xBC_x5C"},"timestamp":1700000000000,"value":1}]"#
        ),
    ]) func `a point is one object`(point: Point, body: String) {
        let block = Self.encode([point])
        #expect(Self.text(block) == body)
        #expect(block.rejections.isEmpty)
    }

    @Test(arguments: [
        (Value.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
        (.integer(9_007_199_254_740_993), "9007199254740993"), (.double(5), "5"),
        (.double(-0.0), "-0.0"), (.double(.leastNonzeroMagnitude), "5e-324"),
        (.double(1e-7), "1e-07"),
        (.double(1.7976931348623157e308), "1.7976931348623157e+308"), (.double(1e20), "1e+20"),
        (.double(0.30000000000000004), "0.30000000000000004"),
    ]) func `a value is written so that it reads back`(value: Value, text: String) {
        #expect(
            Self.text(Self.encode([Self.point("m", ["k": "v"], value)])).hasSuffix(
                ",\"value\":\(text)}]"))
    }

    @Test(arguments: [
        (BackendConfiguration.Precision.milliseconds, 4_294_967_296_000_000, "4294967296"),
        (.nanoseconds, 1_700_000_000_123_999_999, "1700000000123"),
        (.microseconds, .max, "9223372036854"), (.seconds, 1_999_999_999, "1"),
        (.seconds, 4_294_967_295_999_999_999, "4294967295"),
    ]) func `times are rounded down to the unit`(
        precision: BackendConfiguration.Precision, timestampNs: Int64, text: String
    ) {
        let block = Self.encode([Self.point(at: timestampNs)], precision: precision)
        #expect(Self.text(block).contains("\"timestamp\":\(text),"))
    }

    @Test(arguments: [
        (BackendConfiguration.Precision.milliseconds, Int64.min), (.milliseconds, -1),
        (.milliseconds, 0), (.milliseconds, 4_294_967_295_999_999), (.seconds, 999_999_999),
        (.seconds, 4_294_967_296_000_000_000), (.seconds, .max), (.seconds, .min),
    ]) func `times that the server takes for others are refused here`(
        precision: BackendConfiguration.Precision, timestampNs: Int64
    ) {
        let block = Self.encode([Self.point(at: timestampNs)], precision: precision)
        #expect(block.count == 0)
        #expect(block.bytes.isEmpty)
        #expect(block.rejections.first?.reason.contains("time outside") == true)
    }

    @Test(arguments: [
        (point(""), "metric is empty"), (point("m", .none), "no tag"),
        (point("m", tags(9)), "name in drop_tags"),
        (point("m", ["k": "v"], .double(.nan)), "finite"),
        (point("m", ["k": "v"], .double(-.infinity)), "finite"),
        (point(String(repeating: "m", count: 32_768)), "over OpenTSDB's 32767"),
        (point("m", ["k": String(repeating: " ", count: 10_000)]), "over OpenTSDB's 32767"),
    ]) func `what OpenTSDB cannot express costs that point only`(bad: Point, words: String) {
        let good = Self.point("good")
        let block = Self.encode([good, bad, good, bad])
        #expect(block.rows == [0, 2])
        #expect(block.rejections.map(\.row) == [1, 3])
        #expect(block.rejections.allSatisfy { $0.reason.contains(words) })
        #expect((try? JSONNode(parsing: block.bytes))?.elements.count == 2)
    }

    @Test func `dropped tags are left out, and what is left is judged`() {
        let points = [
            Self.point("m", Self.tags(9)), Self.point("m", ["k0": "v"]),
            Self.point("m", ["k0": "v", "z": "1"]),
        ]
        let block = Self.encode(points, droppedTags: ["k0"])
        #expect(block.rows == [0, 2])
        #expect(block.rejections.map(\.row) == [1])
        #expect(!Self.text(block).contains("k0"))
    }

    @Test func `a block that is cut is the block of its first points`() {
        var points = (0..<10).map { Self.point("m\($0)") }
        points.insert(Self.point(""), at: 2)
        points.insert(Self.point(""), at: 7)
        let (block, catalog) = LineProtocolTests.block(points)
        for count in 1..<10 {
            var encoder = OpenTSDBEncoder()
            encoder.encode(first: block.count, of: block, catalog: catalog)
            encoder.cut(to: count)
            let cut = encoder.block
            encoder.encode(first: cut.rowEnd, of: block, catalog: catalog)
            #expect(cut.bytes == encoder.block.bytes)
            #expect(cut.rows == encoder.block.rows)
            #expect(cut.rejections == encoder.block.rejections)
            #expect(cut.ends == encoder.block.ends)
            #expect(cut.count == count)
        }
    }

    @Test func `the identity of a point is that of its echo, whatever the order of its tags`()
        throws
    {
        let block = Self.encode([Self.point("a b", ["z": "1", "a": "ü"]), Self.point("n")])
        let echo =
            #"{"timestamp":1700000000000,"tags":{"z":"1","a":"_xC3_xBC"},"value":"1","metric":"a_x20b"}"#
        let value = try #require(JSONValue(echo.utf8))
        #expect(OpenTSDBPoint.identity(of: value) == Array(block.identity(0)))
        #expect(
            String(decoding: block.identity(1), as: UTF8.self)
                == #"{"metric":"n","tags":{"host":"a"},"timestamp":1700000000000"#)
    }
}
