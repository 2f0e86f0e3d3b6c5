import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// Against the real server: what was confirmed is there, bit for bit.
@Suite struct InfluxBackendRoundTripTests {
    static func backend(
        _ url: String, interrupt: Interrupt = Interrupt(),
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) throws -> any Backend {
        var configuration = BackendConfiguration(name: "default", type: .influxDB)
        configuration.url = url
        configuration.database = "puypuy"
        change(&configuration)
        return try BackendRegistry.makeBackend(
            configuration, interrupt: interrupt, version: "test")
    }

    static func deliver(_ points: [Point], to backend: any Backend) -> Outcome {
        let (block, catalog) = LineProtocolTests.block(points)
        return backend.deliver(block, catalog: catalog).outcome
    }

    /// Bits of the values by time.
    static func bits(_ points: [StoredPoint]) -> [Int64: UInt64] {
        Dictionary(uniqueKeysWithValues: points.map { ($0.timestampNs, $0.value.bitPattern) })
    }

    static let nastyWords = [
        "a b", " a", "a ", "a,b", "a=b", "a\\b", "\\a", "a\\\\b", "\"",
        "a\"b\"", "'", "größe", "☃ ☃", "😀", "a\tb", "a\rb", "-1", "1i", "true", "a:b;c", "{}[]()",
        "$", "a#b", "%20", "<&>", "value", ",", "=", " ", "  ", "a\u{0}b", "\u{7f}",
    ]

    @Test func `nasty metrics, keys and values come back as they were`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url)
        var points: [Point] = []
        for (index, word) in Self.nastyWords.enumerated() {
            let time = Int64(index)
            points.append(LineProtocolTests.point(word, ["host": "a"], at: time, .double(0.5)))
            points.append(LineProtocolTests.point("values", ["key": word], at: time, .double(1.5)))
            points.append(
                LineProtocolTests.point(
                    "keys", ["k\(word)": "v", "z": "1"], at: time, .double(2.5)))
        }
        #expect(Self.deliver(points, to: backend) == .accepted)
        let stored = try server.points()
        for point in points {
            #expect(
                Self.bits(stored[point.series] ?? [])
                    == [point.timestampNs: point.value.asDouble.bitPattern], "\(point.series)")
        }
        #expect(stored.values.reduce(0) { $0 + $1.count } == points.count)
    }

    @Test(arguments: 1...4) func `random names come back as they were, or were refused`(
        seed: UInt64
    ) throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url)
        var generator = SeededGenerator(seed: seed)
        let letters = [
            "\\", ",", "=", " ", "\"", "'", "a", "b", "é", "#", "\t", "\r", "/", "c", "d", "e", "f",
        ]
        func word() -> String {
            (0..<Int.random(in: 1...5, using: &generator))
                .map { _ in letters.randomElement(using: &generator)! }.joined()
        }
        var sent: [Series: UInt64] = [:]
        var points: [Point] = []
        for index in 0..<400 {
            let series = Series(metric: word(), tags: Tags([(word(), word()), (word(), word())]))
            if sent[series] != nil { continue }
            let value = Double(index) + 0.25
            sent[series] = value.bitPattern
            points.append(Point(series: series, timestampNs: Int64(index), value: .double(value)))
        }
        let outcome = Self.deliver(points, to: backend)
        guard case .acceptedExcept(let rejections) = outcome else {
            Issue.record("some of these names must be refused, and these only: \(outcome)")
            return
        }
        for rejection in rejections { sent[points[rejection.row].series] = nil }
        let stored = try server.points()
        let came = stored.mapValues { $0.map(\.value.bitPattern) }
        let wanted = sent.mapValues { [$0] }
        #expect(came.filter { wanted[$0.key] != $0.value } == [:])
        #expect(wanted.filter { came[$0.key] != $0.value } == [:])
        #expect(sent.count > 100)
    }

    @Test func `doubles come back bit for bit`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url)
        var doubles: [Double] = [
            0, -0.0, 1, -1, 0.1, 0.30000000000000004, 1e-7, 1e20, 1e21, .leastNonzeroMagnitude,
            -.leastNonzeroMagnitude,
            2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
            9_007_199_254_740_991, 9_007_199_254_740_992, 9_007_199_254_740_994, 123_456_789.125,
            Double.pi, 1e15, 1e16, 1e17, 123_456_789_012_345_683_968,
        ]
        var generator = SeededGenerator(seed: 7)
        while doubles.count < 5000 {
            let double = Double(bitPattern: generator.next())
            if double.isFinite { doubles.append(double) }
        }
        let points = doubles.enumerated().map {
            LineProtocolTests.point("m", at: Int64($0.offset), .double($0.element))
        }
        #expect(Self.deliver(points, to: backend) == .accepted)
        let stored = try #require(try server.points(of: "m").values.first)
        #expect(stored.map(\.value.bitPattern) == doubles.map(\.bitPattern))
    }

    @Test(arguments: [true, false])
    func `integers are stored as what was asked for`(sendsIntegers: Bool) throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url) { $0.sendsIntegers = sendsIntegers }
        let integers: [Int64] = [.min, -1, 0, 1, 9_007_199_254_740_993, .max]
        let points = integers.enumerated().map {
            LineProtocolTests.point("m", at: Int64($0.offset), .integer($0.element))
        }
        #expect(Self.deliver(points, to: backend) == .accepted)
        let stored = try #require(try server.points(of: "m").values.first)
        if sendsIntegers {
            #expect(stored.map(\.integer) == integers)
        } else {
            #expect(stored.map(\.value) == integers.map { Double($0) })
        }
    }

    @Test func `times come back from both ends of the range`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url)
        // A SELECT without a time range ends a little before the server's last nanosecond.
        let times: [Int64] = [.min + 2, -1, 0, 1, 1_700_000_000_123_456_789, .max - 1]
        let points = times.map { LineProtocolTests.point("m", at: $0, .double(0.5)) }
        #expect(Self.deliver(points, to: backend) == .accepted)
        let select =
            "SELECT value FROM m WHERE time >= -9223372036854775806 AND time <= "
            + "9223372036854775806 GROUP BY *"
        #expect(try server.query(select).values.first?.map(\.timestampNs) == times)
    }

    @Test(arguments: [
        (BackendConfiguration.Precision.nanoseconds, 1_700_000_000_123_456_789 as Int64),
        (.microseconds, 1_700_000_000_123_456_000), (.milliseconds, 1_700_000_000_123_000_000),
        (.seconds, 1_700_000_000_000_000_000),
    ]) func `every precision means to the server what it means to us`(
        precision: BackendConfiguration.Precision, storedNs: Int64
    ) throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url) { $0.precision = precision }
        let point = LineProtocolTests.point("m", at: 1_700_000_000_123_456_789)
        #expect(Self.deliver([point], to: backend) == .accepted)
        #expect(try server.points(of: "m").values.first?.map(\.timestampNs) == [storedNs])
    }

    @Test func `a large block is compressed and sending it again changes nothing`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url)
        let points = (0..<10_000).map {
            LineProtocolTests.point(
                "cpu_load", ["core": "\($0 % 16)"], at: Int64($0), .double(Double($0) / 3))
        }
        for _ in 0..<2 {
            #expect(Self.deliver(points, to: backend) == .accepted)
            #expect(try server.pointCount() == 10_000)
        }
        let stored = try server.points(of: "cpu_load")
        #expect(stored.count == 16)
        #expect(
            Self.bits(stored.values.flatMap(\.self))
                == Dictionary(
                    uniqueKeysWithValues: points.map {
                        ($0.timestampNs, $0.value.asDouble.bitPattern)
                    }))
    }

    @Test func `the longest series that is sent is the longest that the server takes`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url)
        let longest = LineProtocolTests.point(
            String(repeating: "m", count: LineProtocol.maxSeriesBytes))
        #expect(Self.deliver([longest], to: backend) == .accepted)
        let longer = try LoopbackRequest(
            "POST", "/write?db=puypuy", port: server.port,
            body: Array((longest.series.metric + "m value=1 1").utf8))
        #expect(longer.status == 400)
    }

    @Test func `points go to the retention policy that is named`() throws {
        let server = try InfluxServer.started()
        try server.statement(
            "CREATE RETENTION POLICY \"two weeks\" ON puypuy DURATION 14d REPLICATION 1")
        let backend = try Self.backend(server.url) { $0.retentionPolicy = "two weeks" }
        let now = wallClockNs()
        #expect(Self.deliver([LineProtocolTests.point("m", at: now)], to: backend) == .accepted)
        #expect(try server.query("SELECT value FROM \"two weeks\".m").count == 1)
        #expect(try server.query("SELECT value FROM m").isEmpty)
    }
}
