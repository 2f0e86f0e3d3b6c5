import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// Remote write, against a stand-in that is as strict as Prometheus.
@Suite struct RemoteWriteBackendTests {
    static func backend(
        _ url: String, _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) throws -> any Backend {
        var configuration = BackendConfiguration(name: "default", type: .prometheusRemoteWrite)
        configuration.url = url
        configuration.timeout = .seconds(5)
        change(&configuration)
        return try BackendRegistry.makeBackend(
            configuration, interrupt: Interrupt(), version: "test")
    }

    /// `ticks` times a second from `firstMs` on, the points of `series` series.
    static func points(ticks: Int, series: Int = 5, firstMs: Int64 = 1_000_000) -> [Point] {
        (0..<ticks).flatMap { tick in
            (0..<series).map { number in
                WriteRequestEncoderTests.point(
                    "cpu_load", ["core": "\(number)"], atMs: firstMs + Int64(tick) * 1000,
                    Double(tick) + Double(number) / 8)
            }
        }
    }

    static func stored(_ points: [Point]) -> [Series: [Int64: UInt64]] {
        InfluxStandInTests.stored(points)
    }

    static func stored(_ points: [Series: [StoredPoint]]) -> [Series: [Int64: UInt64]] {
        points.mapValues { InfluxBackendRoundTripTests.bits($0) }
    }

    @Test func `the same points sent twice are stored once when nothing is in doubt`() throws {
        let server = try RemoteWriteStandIn()
        let backend = try Self.backend(server.url)
        let points = Self.points(ticks: 1, series: 100)
        for _ in 0..<2 { #expect(deliverAll(points, to: backend) == [:]) }
        #expect(Self.stored(server.points()) == Self.stored(points))
        #expect(server.requests.count == 2)
    }

    @Test func `a confirmation that is lost costs nothing, though the server refuses the rest`()
        throws
    {
        for fault: StandInFault in [
            .afterwards(.reset), .afterwards(.close), .instead(.close),
            .afterwards(.cutBody(status: 204, resets: true)),
            .afterwards(.status(502, body: "<html>Bad Gateway</html>")),
            .afterwards(.status(500, body: "later")), .instead(.raw(Array("garbage".utf8))),
            .afterwards(.status(200, body: "<html>Please log in</html>")),
            .instead(.status(429, headers: ["Retry-After: 1"])), .instead(.status(503)),
        ] {
            let server = try RemoteWriteStandIn()
            server.change { $0.fault = { _, number in number == 1 ? fault : nil } }
            let points = Self.points(ticks: 20)
            let refused = deliverAll(points, to: try Self.backend(server.url))
            #expect(refused == [:], "\(fault)")
            #expect(Self.stored(server.points()) == Self.stored(points), "\(fault)")
        }
    }

    @Test func `a lost answer to many samples of a series costs requests for the series alone`()
        throws
    {
        let server = try RemoteWriteStandIn()
        server.change { $0.fault = { _, number in number == 1 ? .afterwards(.close) : nil } }
        let points = Self.points(ticks: 64, series: 32)
        let refused = deliverAll(points, to: try Self.backend(server.url), maxRequests: 2000)
        #expect(refused == [:])
        #expect(Self.stored(server.points()) == Self.stored(points))
        #expect(server.requests.count <= 2 * 32 + 12)
    }

    @Test(arguments: 1...4)
    func `whatever answers are lost, every point is stored and none is refused`(seed: UInt64) throws
    {
        let server = try RemoteWriteStandIn()
        let faults: [StandInFault?] = {
            var generator = SeededGenerator(seed: seed)
            return (0..<40).map { _ in
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: .afterwards(.close)
                case 1: .instead(.close)
                default: nil
                }
            }
        }()
        server.change {
            $0.fault = { _, number in number <= faults.count ? faults[number - 1] : nil }
        }
        let backend = try Self.backend(server.url)
        var all: [Point] = []
        for unit in 0..<6 {
            let points = Self.points(
                ticks: 6, series: 4, firstMs: 1_000_000 + Int64(unit) * 6000)
            all += points
            #expect(deliverAll(points, to: backend, maxRequests: 500) == [:])
        }
        #expect(Self.stored(server.points()) == Self.stored(all))
    }

    @Test func `a point older than what the server has is refused, unless we sent it`() throws {
        let server = try RemoteWriteStandIn()
        let backend = try Self.backend(server.url)
        let points = Self.points(ticks: 4, series: 1)
        #expect(deliverAll(points, to: backend) == [:])
        let late = WriteRequestEncoderTests.point("cpu_load", ["core": "0"], atMs: 1_000_500, 7)
        let refused = try #require(deliverAll([late, points[3]], to: backend))
        #expect(refused == [0: "HTTP 400: out of order sample"])
        let other = WriteRequestEncoderTests.point("cpu_load", ["core": "0"], atMs: 1_003_000, 9)
        #expect(
            deliverAll([other], to: backend) == [0: "HTTP 400: duplicate sample for timestamp"])
        #expect(Self.stored(server.points()) == Self.stored(points))
    }

    @Test(arguments: [[0], [25], [49], [0, 3, 4, 5, 17, 24, 25, 30, 48, 49], Array(0..<50)])
    func `poison costs itself, and the others keep their order`(rows: [Int]) throws {
        let server = try RemoteWriteStandIn()
        server.change { $0.poison = { $0.metric == "poison" ? "label too bad" : nil } }
        let backend = try Self.backend(server.url)
        var points = Self.points(ticks: 10)
        for row in rows {
            points[row] = WriteRequestEncoderTests.point("poison", atMs: Int64(row))
        }
        let refused = try #require(deliverAll(points, to: backend, maxRequests: 400))
        #expect(refused.keys.sorted() == rows)
        #expect(refused.values.allSatisfy { $0 == "HTTP 400: label too bad" })
        #expect(
            Self.stored(server.points())
                == Self.stored(points.filter { $0.series.metric != "poison" }))
    }

    @Test func `what cannot be sent is refused here, also beside what the server refuses`() throws {
        let server = try RemoteWriteStandIn()
        server.change { $0.poison = { $0.metric == "poison" ? "label too bad" : nil } }
        let backend = try Self.backend(server.url)
        var points = Self.points(ticks: 4, series: 2)
        points[2] = WriteRequestEncoderTests.point("m", atMs: 1, .infinity)
        points[5] = WriteRequestEncoderTests.point("poison")
        let refused = try #require(deliverAll(points, to: backend))
        #expect(refused == [2: "not a finite number", 5: "HTTP 400: label too bad"])
        #expect(deliverAll([points[2]], to: backend) == [0: "not a finite number"])
    }

    @Test func `a body over the server's limit is halved`() throws {
        let server = try RemoteWriteStandIn()
        server.change { $0.maxBodyBytes = 500 }
        let points = Self.points(ticks: 50)
        #expect(deliverAll(points, to: try Self.backend(server.url)) == [:])
        #expect(Self.stored(server.points()) == Self.stored(points))
        #expect(server.requests.contains { $0.wireBytes > 500 })
    }

    @Test func `a server that hangs or is down keeps the points waiting`() throws {
        let server = try RemoteWriteStandIn()
        server.change { $0.fault = { _, number in number == 1 ? .afterwards(.hang) : nil } }
        let backend = try Self.backend(server.url) { $0.timeout = .milliseconds(200) }
        let points = Self.points(ticks: 10)
        let (block, catalog) = LineProtocolTests.block(points)
        guard case .transient = backend.deliver(block, catalog: catalog).outcome else {
            Issue.record("not transient")
            return
        }
        server.stop()
        backend.disconnect()
        guard case .unreachable = backend.deliver(block, catalog: catalog).outcome else {
            Issue.record("not unreachable")
            return
        }
        try server.start()
        #expect(deliverAll(points, to: backend) == [:])
        #expect(Self.stored(server.points()) == Self.stored(points))
    }

    @Test(arguments: [
        (Credentials.token("s3crets3cret"), "Bearer s3crets3cret"),
        (.basic(user: "joe", password: "hunter22"), "Basic am9lOmh1bnRlcjIy"),
    ]) func `credentials hold until they are right, and are never repeated`(
        credentials: Credentials, header: String
    ) throws {
        let server = try RemoteWriteStandIn()
        server.change { $0.authorization = header }
        let points = Self.points(ticks: 2)
        let (block, catalog) = LineProtocolTests.block(points)
        let wrong = try Self.backend(server.url) { $0.credentials = .token("wr0ngt0ken") }
        guard
            case .misconfigured(let reason, let hint) =
                wrong.deliver(block, catalog: catalog).outcome
        else {
            Issue.record("not misconfigured")
            return
        }
        #expect(hint.contains("token"))
        #expect(!(reason + hint).contains("wr0ngt0ken"))
        let right = try Self.backend(server.url) { $0.credentials = credentials }
        #expect(deliverAll(points, to: right) == [:])
    }

    @Test func `the path is that of the configuration`() throws {
        let server = try RemoteWriteStandIn()
        server.change { $0.path = "/base/api/v1/push" }
        let points = Self.points(ticks: 1)
        let backend = try Self.backend("\(server.url)/base/") { $0.path = "api/v1/push" }
        #expect(deliverAll(points, to: backend) == [:])
        let (block, catalog) = LineProtocolTests.block(points)
        guard
            case .misconfigured(_, let hint) =
                try Self.backend(server.url).deliver(block, catalog: catalog).outcome
        else {
            Issue.record("not misconfigured")
            return
        }
        #expect(hint.contains("datapoints"))
    }
}
