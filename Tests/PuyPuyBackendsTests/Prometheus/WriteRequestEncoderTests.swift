import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct WriteRequestEncoderTests {
    static func encode(_ points: [Point]) -> WriteRequest {
        let (block, catalog) = LineProtocolTests.block(points)
        var encoder = WriteRequestEncoder()
        encoder.encode(block, catalog: catalog)
        return encoder.request
    }

    static func point(
        _ metric: String = "m", _ tags: Tags = .none, atMs timeMs: Int64 = 1, _ value: Double = 1
    ) -> Point {
        LineProtocolTests.point(metric, tags, at: timeMs * 1_000_000, .double(value))
    }

    @Test func `a point is these bytes`() {
        // WriteRequest, TimeSeries; labels __name__ and k; sample 1.5 at 300 ms.
        let bytes: [UInt8] =
            [0x0a, 0x25, 0x0a, 0x0d, 0x0a, 0x08] + Array("__name__".utf8) + [0x12, 0x01]
            + Array("m".utf8) + [0x0a, 0x06, 0x0a, 0x01] + Array("k".utf8) + [0x12, 0x01]
            + Array("v".utf8)
            + [0x12, 0x0c, 0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 0xac, 0x02]
        #expect(Self.encode([Self.point("m", ["k": "v"], atMs: 300, 1.5)]).bytes == bytes)
    }

    @Test func `labels are sorted by the names on the wire`() throws {
        let request = Self.encode([
            Self.point("a.b", ["a": "1", "Z": "2", "zone": "3", "__name__": "4", "é": "5"])
        ])
        let series = try RemoteWriteMessage(message: request.bytes).series
        #expect(series.count == 1)
        #expect(
            series[0].series
                == Series(
                    metric: "U__a_2e_b",
                    tags: [
                        "a": "1", "Z": "2", "zone": "3", "U______name____": "4", "U___e9_": "5",
                    ]))
    }

    @Test func `a series is there once, in the order of time, the last value of a millisecond`()
        throws
    {
        let request = Self.encode([
            Self.point("a", atMs: 30, 1), Self.point("b", atMs: 10, 2),
            Self.point("a", atMs: 10, 3),
            LineProtocolTests.point("a", at: 10_000_001, .double(4)), Self.point("a", atMs: 20, 5),
            LineProtocolTests.point("a", at: 10_999_999, .double(6)),
        ])
        let series = try RemoteWriteMessage(message: request.bytes).series
        #expect(series.map(\.series.metric) == ["a", "b"])
        #expect(series[0].samples.map(\.timeMs) == [10, 20, 30])
        #expect(series[0].samples.map(\.value) == [6, 5, 1])
        #expect(request.rows == [0, 1, 2, 3, 4, 5])
        #expect(request.sampleCount == 4)
        #expect(request.samples.map { Array($0.timesMs) } == [[10, 20, 30], [10]])
    }

    @Test func `values come back bit for bit, and times are rounded down`() throws {
        var generator = SeededGenerator(seed: 11)
        var values: [Double] = [
            0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
        ]
        while values.count < 5000 {
            let value = Double(bitPattern: generator.next())
            if value.isFinite { values.append(value) }
        }
        let points = values.enumerated().map {
            LineProtocolTests.point("m\($0.offset % 7)", at: Int64($0.offset), .double($0.element))
        }
        let many = points.enumerated().map {
            Point(
                series: $0.element.series, timestampNs: Int64($0.offset) * 1_000_000 + 999_999,
                value: $0.element.value)
        }
        let series = try RemoteWriteMessage(message: Self.encode(many).bytes).series
        var found: [Int64: UInt64] = [:]
        for sample in series.flatMap(\.samples) { found[sample.timeMs] = sample.value.bitPattern }
        #expect(values.indices.allSatisfy { found[Int64($0)] == values[$0].bitPattern })
        #expect(WriteRequestEncoder.milliseconds(-1) == -1)
        #expect(WriteRequestEncoder.milliseconds(-1_000_000) == -1)
        #expect(WriteRequestEncoder.milliseconds(.min) == -9_223_372_036_855)
        let ends = try RemoteWriteMessage(
            message: Self.encode([
                LineProtocolTests.point("m", at: .min, .integer(.max)),
                LineProtocolTests.point("m", at: .max, .integer(-3)),
            ]).bytes)
        #expect(ends.series[0].samples.map(\.timeMs) == [-9_223_372_036_855, 9_223_372_036_854])
        #expect(ends.series[0].samples.map(\.value) == [9_223_372_036_854_775_808, -3])
    }

    @Test func `what cannot be expressed is refused, and what is known is left out`() {
        let points = [
            Self.point(""), Self.point("m", atMs: 5), Self.point("m", atMs: 6, .nan),
            Self.point("m", atMs: 7),
        ]
        let (block, catalog) = LineProtocolTests.block(points)
        var encoder = WriteRequestEncoder()
        for _ in 0..<2 {
            encoder.encode(block, catalog: catalog) { _, timeMs in timeMs == 7 }
            #expect(encoder.request.rejections.map(\.row) == [0, 2])
            #expect(encoder.request.rejections.map(\.reason).contains("the metric is empty"))
            #expect(encoder.request.rows == [1])
            #expect(encoder.request.timesMs == [5])
        }
    }

    @Test func `the compressed body reads back`() throws {
        let points = (0..<3000).map { Self.point("m\($0 % 10)", ["host": "web"], atMs: Int64($0)) }
        let request = Self.encode(points)
        let snappy = SnappyEncoder()
        for _ in 0..<2 {
            let body = request.bytes.withUnsafeBytes { Array(snappy.compress($0)) }
            #expect(body.count < request.bytes.count / 2)
            let message = try RemoteWriteMessage(compressed: body)
            #expect(message.series.reduce(0) { $0 + $1.samples.count } == 3000)
        }
    }
}
