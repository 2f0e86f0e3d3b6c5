import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// Remote write to a real Prometheus and a real VictoriaMetrics: what was confirmed is there.
@Suite struct RemoteWriteServerTests {
    /// A whole second some minutes ago: Prometheus takes nothing that is old.
    static func recentMs(minutesAgo: Int64 = 40) -> Int64 {
        (wallClockNs() / 1_000_000_000 - minutesAgo * 60) * 1000
    }

    static func stored(_ points: [Point]) -> [Series: [Int64: UInt64]] {
        RemoteWriteBackendTests.stored(points)
    }

    static func stored(_ points: [Series: [StoredPoint]]) -> [Series: [Int64: UInt64]] {
        RemoteWriteBackendTests.stored(points)
    }

    /// `points` under the names on the wire.
    static func renamed(_ points: [Point]) -> [Point] {
        points.map { point in
            let tags = point.series.tags.pairs.map {
                (key: PrometheusNames.label($0.key), value: $0.value)
            }
            return Point(
                series: Series(
                    metric: PrometheusNames.metric(point.series.metric), tags: Tags(tags)),
                timestampNs: point.timestampNs, value: point.value)
        }
    }

    static func nastyPoints(atMs timeMs: Int64) -> [Point] {
        InfluxBackendRoundTripTests.nastyWords.enumerated().flatMap { index, word in
            [
                WriteRequestEncoderTests.point(word, ["host": "a"], atMs: timeMs, Double(index)),
                WriteRequestEncoderTests.point(
                    "values", ["key": word], atMs: timeMs, Double(index) + 0.5),
                WriteRequestEncoderTests.point(
                    "keys", ["k\(word)": "v"], atMs: timeMs, Double(index) + 0.25),
            ]
        }
    }

    @Test func `Prometheus gives back every value of thousands of points, bit for bit`() throws {
        let server = try PrometheusServer.started()
        let backend = try RemoteWriteBackendTests.backend(server.url)
        let firstMs = Self.recentMs()
        var generator = SeededGenerator(seed: 17)
        var points: [Point] = []
        for tick in 0..<200 {
            for number in 0..<40 {
                let bits = Double(bitPattern: generator.next())
                points.append(
                    WriteRequestEncoderTests.point(
                        "cpu_load", ["core": "\(number)", "host": "web 1"],
                        atMs: firstMs + Int64(tick) * 1000 + Int64(number),
                        bits.isFinite ? bits : -0.0))
            }
        }
        for start in stride(from: 0, to: points.count, by: 1000) {
            let part = Array(points[start..<(start + 1000)])
            #expect(deliverAll(part, to: backend) == [:])
        }
        #expect(Self.stored(try server.points()) == Self.stored(points))
    }

    @Test func `Prometheus gives back nasty names and values`() throws {
        let server = try PrometheusServer.started()
        let points = Self.nastyPoints(atMs: Self.recentMs())
        #expect(deliverAll(points, to: try RemoteWriteBackendTests.backend(server.url)) == [:])
        #expect(Self.stored(try server.points()) == Self.stored(Self.renamed(points)))
    }

    @Test func `VictoriaMetrics gives back names, times and values`() throws {
        let server = try VictoriaMetricsServer.started()
        let backend = try RemoteWriteBackendTests.backend(server.url)
        let firstMs = Self.recentMs()
        let nasty = Self.nastyPoints(atMs: firstMs)
        #expect(deliverAll(nasty, to: backend) == [:])
        let many = RemoteWriteBackendTests.points(ticks: 500, series: 10, firstMs: firstMs)
        for _ in 0..<2 { #expect(deliverAll(many, to: backend) == [:]) }
        // It keeps both copies of a point, unless it is told to remove one.
        let found = try server.points().mapValues { points in
            Dictionary(grouping: points, by: \.timestampNs).values.flatMap { Set($0) }
        }
        #expect(Self.stored(found) == Self.stored(Self.renamed(nasty) + many))
    }

    @Test func `Prometheus refuses what is out of order, taken or too old, each alone`() throws {
        let server = try PrometheusServer.started()
        let backend = try RemoteWriteBackendTests.backend(server.url)
        let firstMs = Self.recentMs(minutesAgo: 5)
        func point(_ metric: String, _ plusMs: Int64, _ value: Double) -> Point {
            WriteRequestEncoderTests.point(metric, atMs: firstMs + plusMs, value)
        }
        let first = [point("a", 0, 1), point("a", 1000, 2), point("b", 1000, 3)]
        #expect(deliverAll(first, to: backend) == [:])
        let second = [
            point("a", 500, 4), point("b", 1000, 5), point("c", -3 * 3_600_000, 6),
            point("a", 2000, 7), point("c", 2000, 8),
        ]
        let refused = try #require(deliverAll(second, to: backend))
        #expect(
            refused == [
                0: "HTTP 400: out of order sample", 1: "HTTP 400: duplicate sample for timestamp",
                2: "HTTP 400: out of bounds",
            ])
        #expect(Self.stored(try server.points()) == Self.stored(first + [second[3], second[4]]))
    }

    @Test(arguments: [[0], [60], [119], [0, 1, 30, 31, 59, 60, 61, 90, 118, 119]])
    func `poison costs itself`(rows: [Int]) throws {
        let server = try PrometheusServer.started()
        let backend = try RemoteWriteBackendTests.backend(server.url)
        let firstMs = Self.recentMs(minutesAgo: 5)
        var points = RemoteWriteBackendTests.points(ticks: 24, series: 5, firstMs: firstMs)
        // Newer points of another series, so that the poison is out of order.
        let newer = rows.map {
            WriteRequestEncoderTests.point("poison", ["row": "\($0)"], atMs: firstMs)
        }
        #expect(deliverAll(newer, to: backend) == [:])
        for row in rows {
            points[row] = WriteRequestEncoderTests.point(
                "poison", ["row": "\(row)"], atMs: firstMs - 1000)
        }
        let refused = try #require(deliverAll(points, to: backend, maxRequests: 400))
        #expect(refused.keys.sorted() == rows)
        #expect(
            Self.stored(try server.points())
                == Self.stored(points.filter { $0.series.metric != "poison" } + newer))
    }

    @Test func `the same points twice are stored once, also when the answer was lost`() throws {
        let server = try PrometheusServer.started()
        let points = RemoteWriteBackendTests.points(
            ticks: 30, series: 4, firstMs: Self.recentMs(minutesAgo: 5))
        let (block, catalog) = LineProtocolTests.block(points)
        // Between us and the server, something takes the request along and loses the answer.
        let port = server.port
        let lossy = try StandInHTTPServer { request in
            let headers = [
                "Content-Type: application/x-protobuf", "Content-Encoding: snappy",
                "X-Prometheus-Remote-Write-Version: 0.1.0",
            ]
            let answer = try? LoopbackRequest(
                "POST", request.target, port: port, headers: headers, body: request.body)
            guard let answer, answer.status >= 400 else { return .close }
            return .status(
                answer.status, body: String(decoding: answer.body, as: UTF8.self))
        }
        let backend = try RemoteWriteBackendTests.backend(lossy.url)
        guard case .transient = backend.deliver(block, catalog: catalog).outcome else {
            Issue.record("the answer was not lost")
            return
        }
        #expect(Self.stored(try server.points()) == Self.stored(points))
        #expect(deliverAll(points, to: backend, maxRequests: 500) == [:])
        #expect(Self.stored(try server.points()) == Self.stored(points))
    }

    @Test
    func `a server that is killed in the middle of requests loses nothing and refuses nothing`()
        async throws
    {
        let server = try PrometheusServer.started()
        let backend = try RemoteWriteBackendTests.backend(server.url)
        let firstMs = Self.recentMs()
        let points = RemoteWriteBackendTests.points(ticks: 1200, series: 50, firstMs: firstMs)
        // The kill meets a request under way: they follow each other without a pause.
        let killer = Task {
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(150))
                server.kill()
                try server.start()
            }
        }
        for start in stride(from: 0, to: points.count, by: 2000) {
            let part = Array(points[start..<(start + 2000)])
            let refused = deliverPatiently(part, to: backend)
            #expect(refused == [:])
        }
        try await killer.value
        #expect(Self.stored(try server.points()) == Self.stored(points))
    }

    @Test func `a Prometheus that takes no remote write says how it would`() throws {
        let server = try PrometheusServer.started(takesRemoteWrite: false)
        let backend = try RemoteWriteBackendTests.backend(server.url)
        let (block, catalog) = LineProtocolTests.block([WriteRequestEncoderTests.point()])
        guard case .misconfigured(_, let hint) = backend.deliver(block, catalog: catalog).outcome
        else {
            Issue.record("not misconfigured")
            return
        }
        #expect(hint.contains("--web.enable-remote-write-receiver"))
    }
}
