import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct KairosBackendTests {
    static func backend(
        _ url: String, interrupt: Interrupt = Interrupt(),
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) throws -> any Backend {
        var configuration = BackendConfiguration(name: "kairos", type: .kairosDB)
        configuration.url = url
        change(&configuration)
        return try BackendRegistry.makeBackend(
            configuration, interrupt: interrupt, version: "test")
    }

    static func deliver(_ points: [Point], to backend: any Backend) -> Outcome {
        InfluxBackendRoundTripTests.deliver(points, to: backend)
    }

    /// Bits of the values by series and time.
    static func bits(_ points: [Series: [StoredPoint]]) -> [Series: [Int64: UInt64]] {
        points.mapValues { InfluxBackendRoundTripTests.bits($0) }
    }

    static func bits(_ points: [Point]) -> [Series: [Int64: UInt64]] {
        var bits: [Series: [Int64: UInt64]] = [:]
        for point in points {
            bits[point.series, default: [:]][point.timestampNs] = point.value.asDouble.bitPattern
        }
        return bits
    }

    @Test func `names, values and times come back as they were`() throws {
        let server = try KairosDBStandIn()
        let backend = try Self.backend(server.url)
        var points: [Point] = []
        for word in InfluxBackendRoundTripTests.nastyWords + ["a\nb", "#a", "time", "a\\"] {
            if word.utf8.contains(0) { continue }
            points.append(KairosEncoderTests.point(word, ["host": "a"], .double(0.5)))
            points.append(KairosEncoderTests.point("values", ["key": word], .double(1.5)))
            points.append(KairosEncoderTests.point("keys", ["k\(word)": "v"], .double(2.5)))
        }
        var generator = SeededGenerator(seed: 7)
        var values: [Value] = [
            .double(-0.0), .double(.leastNonzeroMagnitude), .double(-.leastNonzeroMagnitude),
            .double(1.7976931348623157e308), .double(-1.7976931348623157e308), .integer(.min),
            .integer(.max), .double(1e-7),
        ]
        while values.count < 1000 {
            if let value = Value(Double(bitPattern: generator.next())) { values.append(value) }
        }
        for (index, value) in values.enumerated() {
            points.append(
                KairosEncoderTests.point("v", at: Int64(index) * 1_000_000 - 5_000_000, value))
        }
        #expect(Self.deliver(points, to: backend) == .accepted)
        #expect(Self.bits(server.points()) == Self.bits(points))
    }

    @Test func `the same points twice are stored once`() throws {
        let server = try KairosDBStandIn()
        let backend = try Self.backend(server.url)
        let points = (0..<10_000).map {
            KairosEncoderTests.point(
                "m", ["core": "\($0 % 16)"], at: Int64($0) * 1_000_000, .double(Double($0) / 3))
        }
        for _ in 0..<2 {
            #expect(Self.deliver(points, to: backend) == .accepted)
            #expect(server.pointCount == 10_000)
        }
        #expect(server.requests.count == 2)
        #expect(server.requests[0].headers["content-encoding"] == "gzip")
        #expect(server.requests[0].headers["content-type"] == "application/json")
        #expect(server.requests[0].headers["expect"] == nil)
        #expect(server.requests[0].target == "/api/v1/datapoints")
    }

    @Test(arguments: [KairosDBStandIn.Gzip.readAsJSON, .fails])
    func `a server that does not know gzip gets plain text from the second request on`(
        gzip: KairosDBStandIn.Gzip
    ) throws {
        var settings = KairosDBStandIn.Settings()
        settings.gzip = gzip
        let server = try KairosDBStandIn(settings)
        let backend = try Self.backend(server.url)
        let points = (0..<100).map { KairosEncoderTests.point("m\($0)") }
        for _ in 0..<3 { #expect(Self.deliver(points, to: backend) == .accepted) }
        #expect(server.pointCount == 100)
        #expect(
            server.requests.map { $0.headers["content-encoding"] == "gzip" }
                == [true, false, false, false])
    }

    @Test func `compression stays when a refusal had another cause`() throws {
        let server = try KairosDBStandIn()
        server.change { $0.aborts = { _ in (400, "something else") } }
        let backend = try Self.backend(server.url)
        let points = (0..<100).map { KairosEncoderTests.point("m\($0)") }
        #expect(
            Self.deliver(points, to: backend)
                == .refused(reason: "HTTP 400: something else", suspects: []))
        server.change { $0.aborts = { _ in nil } }
        #expect(Self.deliver(points, to: backend) == .accepted)
        #expect(
            server.requests.map { $0.headers["content-encoding"] == "gzip" } == [true, false, true])
    }

    @Test func `metric objects that an old server refuses are named, the others are stored`() throws
    {
        var settings = KairosDBStandIn.Settings()
        settings.refusesColons = true
        let server = try KairosDBStandIn(settings)
        let backend = try Self.backend(server.url)
        let points = [
            KairosEncoderTests.point("good", at: 1_000_000),
            KairosEncoderTests.point("bad", ["url": "http://a"], at: 1_000_000),
            KairosEncoderTests.point("good", at: 2_000_000),
            KairosEncoderTests.point("bad", ["a=b": "c"], at: 2_000_000),
            KairosEncoderTests.point("bad", ["url": "http://a"], at: 3_000_000),
        ]
        guard case .acceptedExcept(let rejections) = Self.deliver(points, to: backend) else {
            Issue.record("not accepted")
            return
        }
        #expect(rejections.map(\.row) == [1, 3, 4])
        #expect(rejections.allSatisfy { $0.reason.contains("except colon") })
        #expect(Self.bits(server.points()) == Self.bits([points[0], points[2]]))
    }

    @Test
    func `a request that ends in its middle is not confirmed, and sending it again is harmless`()
        throws
    {
        let server = try KairosDBStandIn()
        let backend = try Self.backend(server.url)
        let points = ["a", "b", "c"].map { KairosEncoderTests.point($0) }
        server.change { $0.aborts = { $0.metric == "b" ? (500, "For input string") : nil } }
        #expect(
            Self.deliver(points, to: backend)
                == .doubtful(reason: "HTTP 500: For input string", retryAfter: nil))
        #expect(server.pointCount == 1)
        server.change { $0.aborts = { $0.metric == "b" ? (400, "duplicate key: host") : nil } }
        #expect(
            Self.deliver(points, to: backend)
                == .refused(reason: "HTTP 400: duplicate key: host", suspects: []))
        server.change { $0.aborts = { _ in nil } }
        #expect(Self.deliver(points, to: backend) == .accepted)
        #expect(Self.bits(server.points()) == Self.bits(points))
    }

    @Test func `credentials are asked for, checked and never repeated`() throws {
        var settings = KairosDBStandIn.Settings()
        settings.credentials = ("joe", "hunter22")
        let server = try KairosDBStandIn(settings)
        let point = KairosEncoderTests.point()
        for credentials: Credentials in [.none, .basic(user: "joe", password: "wr0ngw0rd")] {
            let backend = try Self.backend(server.url) { $0.credentials = credentials }
            guard case .misconfigured(let reason, let hint) = Self.deliver([point], to: backend)
            else {
                Issue.record("not misconfigured")
                return
            }
            #expect(reason.contains("401"))
            #expect(hint.contains("user"))
            #expect(!(reason + hint).contains("wr0ngw0rd"))
        }
        let backend = try Self.backend(server.url) {
            $0.credentials = .basic(user: "joe", password: "hunter22")
        }
        #expect(Self.deliver([point], to: backend) == .accepted)
        server.change {
            $0.fault = { request, _ in
                .instead(.status(401, body: request.headers["authorization"] ?? ""))
            }
        }
        guard case .misconfigured(let reason, _) = Self.deliver([point], to: backend) else {
            Issue.record("not misconfigured")
            return
        }
        #expect(reason == "HTTP 401: Basic ***")
        server.change {
            $0.fault = { _, _ in nil }
            $0.takesNoPoints = true
        }
        guard case .misconfigured(_, let hint) = Self.deliver([point], to: backend) else {
            Issue.record("not misconfigured")
            return
        }
        #expect(hint.contains("kairosdb.server.type"))
    }

    @Test(arguments: ["/api/v2/datapoints", "api/v2/datapoints"])
    func `the path can be another, behind the path of the address`(path: String) throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let backend = try Self.backend("\(server.url)/kairos/") { $0.path = path }
        #expect(Self.deliver([KairosEncoderTests.point()], to: backend) == .accepted)
        #expect(server.requests.map(\.target) == ["/kairos/api/v2/datapoints"])
    }

    @Test(arguments: [
        (StandInHTTPServer.Reply.reset, "transient"), (.close, "transient"),
        (.hang, "transient"), (.cutBody(status: 500, resets: true), "transient"),
        (.cutBody(status: 400, resets: false), "transient"),
        (.raw(Array("garbage\r\n\r\n".utf8)), "misconfigured"),
        (.status(200, body: "{\"errors\":[]}"), "misconfigured"),
        (.status(503, headers: ["Retry-After: 9"]), "transient"),
        (.status(400, body: "garbage"), "misconfigured"),
    ]) func `whatever goes wrong, nothing is confirmed, and later it is`(
        reply: StandInHTTPServer.Reply, kind: String
    ) throws {
        let server = try KairosDBStandIn()
        server.change { $0.fault = { _, _ in .instead(reply) } }
        let backend = try Self.backend(server.url) { $0.timeout = .milliseconds(300) }
        let point = KairosEncoderTests.point()
        switch Self.deliver([point], to: backend) {
        case .transient(_, let retryAfter):
            #expect(kind == "transient")
            if case .status(503, _, _) = reply { #expect(retryAfter == .seconds(9)) }
        case .misconfigured: #expect(kind == "misconfigured")
        case let outcome: Issue.record("\(outcome)")
        }
        #expect(server.pointCount == 0)
        server.change { $0.fault = { _, _ in nil } }
        #expect(Self.deliver([point], to: backend) == .accepted)
    }

    @Test func `a server that is not there is unreachable`() throws {
        let server = try KairosDBStandIn()
        let backend = try Self.backend(server.url)
        server.stop()
        guard case .unreachable = Self.deliver([KairosEncoderTests.point()], to: backend) else {
            Issue.record("not unreachable")
            return
        }
    }

    @Test func `points that cannot be expressed never reach the server`() throws {
        let server = try KairosDBStandIn()
        let backend = try Self.backend(server.url)
        let bad = KairosEncoderTests.point("")
        let rows = { InfluxClassifierTests.rows($0) }
        #expect(rows(Self.deliver([bad, bad], to: backend)) == [0, 1])
        #expect(server.requests.isEmpty)
        #expect(rows(Self.deliver([bad, KairosEncoderTests.point()], to: backend)) == [0])
        #expect(server.pointCount == 1)
    }
}
