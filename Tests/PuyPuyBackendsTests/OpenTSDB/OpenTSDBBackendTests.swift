import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct OpenTSDBBackendTests {
    static func backend(
        _ url: String, interrupt: Interrupt = Interrupt(),
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) throws -> any Backend {
        var configuration = BackendConfiguration(name: "tsdb", type: .openTSDB)
        configuration.url = url
        change(&configuration)
        return try BackendRegistry.makeBackend(
            configuration, interrupt: interrupt, version: "test")
    }

    /// Delivers all of `points`, request by request, and gives the rows that were refused. Anything
    /// but a confirmation ends it.
    static func deliverAll(_ points: [Point], to backend: any Backend) -> [Int] {
        let (block, catalog) = LineProtocolTests.block(points)
        var rejected: [Int] = []
        var next = 0
        while next < points.count {
            let attempt = backend.deliver(
                block.selecting(next..<points.count), catalog: catalog)
            let count = attempt.rows?.count ?? points.count - next
            #expect(attempt.rows ?? Array(0..<count) == Array(0..<count))
            switch attempt.outcome {
            case .accepted: break
            case .acceptedExcept(let rejections): rejected += rejections.map { $0.row + next }
            case let outcome:
                Issue.record("\(outcome)")
                return rejected
            }
            next += count
        }
        return rejected
    }

    static func deliver(_ points: [Point], to backend: any Backend) -> Outcome {
        InfluxBackendRoundTripTests.deliver(points, to: backend)
    }

    static func mapped(_ series: Series) -> Series {
        Series(
            metric: OpenTSDBNameTests.mapped(series.metric),
            tags: Tags(
                series.tags.pairs.map {
                    (OpenTSDBNameTests.mapped($0.key), OpenTSDBNameTests.mapped($0.value))
                }))
    }

    /// Bits of the values by series, as it is on the wire, and time.
    static func bits(_ points: [Point]) -> [Series: [Int64: UInt64]] {
        KairosBackendTests.bits(
            points.map {
                Point(series: mapped($0.series), timestampNs: $0.timestampNs, value: $0.value)
            })
    }

    static func bits(_ points: [Series: [StoredPoint]]) -> [Series: [Int64: UInt64]] {
        KairosBackendTests.bits(points)
    }

    static func points(_ count: Int) -> [Point] {
        var generator = SeededGenerator(seed: 11)
        return (0..<count).map { index in
            OpenTSDBEncoderTests.point(
                "cpu_load", ["host": "web1", "core": "\(index % 16)"],
                at: OpenTSDBEncoderTests.timeNs + Int64(index) * 1_000_000,
                .double(Double.random(in: 0..<1, using: &generator)))
        }
    }

    @Test func `names, values and times come back as they were, mapped`() throws {
        let server = try OpenTSDBStandIn()
        let backend = try Self.backend(server.url)
        var points: [Point] = []
        for word in InfluxBackendRoundTripTests.nastyWords + ["a\nb", "#a", "a_x20b", "_x41"] {
            points.append(OpenTSDBEncoderTests.point(word))
            points.append(OpenTSDBEncoderTests.point("values", ["key": word]))
            points.append(OpenTSDBEncoderTests.point("keys", ["k\(word)": "v"]))
        }
        let values: [Value] = [
            .double(-0.0), .double(.leastNonzeroMagnitude), .double(1.7976931348623157e308),
            .integer(.min), .integer(.max), .integer(9_007_199_254_740_993), .double(1e-7),
            .double(.pi),
        ]
        for (index, value) in values.enumerated() {
            points.append(
                OpenTSDBEncoderTests.point(
                    "v", at: OpenTSDBEncoderTests.timeNs + Int64(index) * 1_000_000, value))
        }
        #expect(Self.deliverAll(points, to: backend) == [])
        #expect(Self.bits(server.points()) == Self.bits(points))
        let stored = try #require(server.points()[Series(metric: "v", tags: ["host": "a"])])
        #expect(stored.map(\.integer)[3...5] == [.min, .max, 9_007_199_254_740_993])
    }

    @Test(arguments: [true, false])
    func `no request is larger than the server takes, and everything arrives once`(
        compresses: Bool
    ) throws {
        let server = try OpenTSDBStandIn()
        let backend = try Self.backend(server.url) { $0.compresses = compresses }
        let points = Self.points(10_000)
        for _ in 0..<2 {
            #expect(Self.deliverAll(points, to: backend) == [])
            #expect(Self.bits(server.points()) == Self.bits(points))
        }
        let sizes = server.requests.map(\.wireBytes)
        #expect(sizes.allSatisfy { $0 <= 8192 })
        #expect(sizes.filter { $0 > 5000 }.count * 10 > sizes.count * 8, "well filled")
        #expect(server.requests.allSatisfy { $0.headers["expect"] == nil })
        #expect(server.requests.allSatisfy { $0.target == "/api/put?details&sync" })
        #expect(server.requests.allSatisfy { $0.headers["content-type"] == "application/json" })
    }

    @Test func `a server that takes chunks gets all points at once`() throws {
        var settings = OpenTSDBStandIn.Settings()
        settings.takesChunks = true
        settings.maxChunkBytes = 1_000_000
        let server = try OpenTSDBStandIn(settings)
        let backend = try Self.backend(server.url) { $0.takesChunked = true }
        #expect(Self.deliver(Self.points(10_000), to: backend) == .accepted)
        #expect(server.requests.count == 1)
        #expect(server.pointCount == 10_000)
    }

    @Test func `a server that takes no chunks although the settings say so is believed`() throws {
        let server = try OpenTSDBStandIn()
        let backend = try Self.backend(server.url) { $0.takesChunked = true }
        let points = Self.points(5_000)
        #expect(Self.deliverAll(points, to: backend) == [])
        #expect(server.pointCount == 5_000)
        #expect(server.requests.filter { $0.wireBytes > 8192 }.count == 1)
    }

    @Test func `a server that hangs up on large requests gets smaller ones`() throws {
        var settings = OpenTSDBStandIn.Settings()
        settings.takesChunks = true
        let server = try OpenTSDBStandIn(settings)
        let backend = try Self.backend(server.url) { $0.takesChunked = true }
        let points = Self.points(5_000)
        let (block, catalog) = LineProtocolTests.block(points)
        var failures = 0
        var next = 0
        while next < points.count && failures < 10 {
            let rest = block.selecting(next..<points.count)
            let attempt = backend.deliver(rest, catalog: catalog)
            if attempt.outcome == .accepted {
                next += attempt.rows?.count ?? rest.count
            } else {
                failures += 1
            }
        }
        #expect(1...6 ~= failures)
        #expect(server.pointCount == 5_000)
    }

    @Test func `one point that is too large alone costs itself`() throws {
        let server = try OpenTSDBStandIn()
        let backend = try Self.backend(server.url)
        var generator = SeededGenerator(seed: 3)
        let noise = String(
            (0..<20_000).map { _ in
                "abcdefghijklmnopqrstuvwxyz0123456789-./".randomElement(using: &generator)!
            })
        var points = Self.points(300)
        points.insert(OpenTSDBEncoderTests.point("m", ["noise": noise]), at: 150)
        #expect(Self.deliverAll(points, to: backend) == [150])
        #expect(server.pointCount == 300)
        guard case .acceptedExcept(let rejections) = Self.deliver([points[150]], to: backend) else {
            Issue.record("not refused")
            return
        }
        #expect(rejections.first?.reason.contains("set chunked") == true)
    }

    @Test func `points that the server refuses are named, the others are stored`() throws {
        let server = try OpenTSDBStandIn()
        server.change {
            $0.poison = { $0.tags["core"] == "3" ? "Too many tags: 9 maximum" : nil }
        }
        let backend = try Self.backend(server.url)
        let points = Self.points(1_000)
        #expect(
            Self.deliverAll(points, to: backend)
                == points.indices.filter { points[$0].series.tags["core"] == "3" })
        #expect(
            Self.bits(server.points())
                == Self.bits(points.filter { $0.series.tags["core"] != "3" }))
    }

    @Test func `a storage that fails confirms nothing, also with status 200`() throws {
        let server = try OpenTSDBStandIn()
        server.change {
            $0.storageFailure = { $0.tags["core"] == "3" ? "region is not online" : nil }
        }
        let backend = try Self.backend(server.url)
        let points = Self.points(100)
        guard case .transient(let reason, _) = Self.deliver(points, to: backend) else {
            Issue.record("not transient")
            return
        }
        #expect(reason == "HTTP 200: Storage exception: region is not online")
        #expect(server.pointCount < 100)
        server.change { $0.poison = { _ in "Please throttle" } }
        guard case .transient = Self.deliver(points, to: backend) else {
            Issue.record("not transient")
            return
        }
        server.change {
            $0.poison = { _ in nil }
            $0.storageFailure = { _ in nil }
        }
        #expect(Self.deliver(points, to: backend) == .accepted)
        #expect(Self.bits(server.points()) == Self.bits(points))
    }

    @Test func `an unknown metric holds and says what to set`() throws {
        let server = try OpenTSDBStandIn()
        server.change { $0.poison = { _ in "Unknown metric" } }
        let backend = try Self.backend(server.url)
        guard case .misconfigured(let reason, let hint) = Self.deliver(Self.points(1), to: backend)
        else {
            Issue.record("not misconfigured")
            return
        }
        #expect(reason.contains("cpu_load"))
        #expect(hint.contains("auto_create_metrics"))
    }

    @Test func `a way that loses compressed bodies gets plain ones from then on`() throws {
        var settings = OpenTSDBStandIn.Settings()
        settings.refusesGzip = true
        let server = try OpenTSDBStandIn(settings)
        let backend = try Self.backend(server.url)
        let points = Self.points(1_000)
        #expect(Self.deliverAll(points, to: backend) == [])
        #expect(Self.bits(server.points()) == Self.bits(points))
        #expect(server.requests.filter { $0.headers["content-encoding"] == "gzip" }.count == 1)
        #expect(server.requests.allSatisfy { $0.wireBytes <= 8192 })
    }

    @Test func `credentials are asked for, checked and never repeated`() throws {
        var settings = OpenTSDBStandIn.Settings()
        settings.credentials = ("joe", "hunter22")
        let server = try OpenTSDBStandIn(settings)
        for credentials: Credentials in [.none, .basic(user: "joe", password: "wr0ngw0rd")] {
            let backend = try Self.backend(server.url) { $0.credentials = credentials }
            guard
                case .misconfigured(let reason, let hint) = Self.deliver(
                    Self.points(1), to: backend)
            else {
                Issue.record("not misconfigured")
                return
            }
            #expect(hint.contains("user and pass"))
            #expect(!(reason + hint).contains("wr0ngw0rd"))
        }
        let backend = try Self.backend(server.url) {
            $0.credentials = .basic(user: "joe", password: "hunter22")
        }
        #expect(Self.deliver(Self.points(1), to: backend) == .accepted)
        server.change {
            $0.fault = { request, _ in
                .instead(.status(401, body: request.headers["authorization"] ?? ""))
            }
        }
        guard case .misconfigured(let reason, _) = Self.deliver(Self.points(1), to: backend) else {
            Issue.record("not misconfigured")
            return
        }
        #expect(reason == "HTTP 401: Basic ***")
    }

    @Test(arguments: [
        ("", "/api/put?details&sync"), ("/api/put", "/api/put?details&sync"),
        ("tsdb/put?summary", "/tsdb/put?summary&details&sync"),
    ]) func `every put asks for details and waits for the storage`(path: String, target: String) {
        #expect(OpenTSDBBackend.target(path) == target)
    }

    @Test(arguments: [
        (StandInHTTPServer.Reply.reset, "transient"), (.close, "transient"),
        (.hang, "transient"), (.cutBody(status: 200, resets: true), "transient"),
        (.raw(Array("garbage\r\n\r\n".utf8)), "misconfigured"),
        (.status(200, body: "garbage"), "misconfigured"),
        (.status(200, body: "{\"success\":0,\"failed\":0,\"errors\":[]}"), "transient"),
        (.status(503, headers: ["Retry-After: 9"]), "transient"),
    ]) func `whatever goes wrong, nothing is confirmed, and later it is`(
        reply: StandInHTTPServer.Reply, kind: String
    ) throws {
        let server = try OpenTSDBStandIn()
        server.change { $0.fault = { _, _ in .instead(reply) } }
        let backend = try Self.backend(server.url) { $0.timeout = .milliseconds(300) }
        switch Self.deliver(Self.points(3), to: backend) {
        case .transient: #expect(kind == "transient")
        case .misconfigured: #expect(kind == "misconfigured")
        case let outcome: Issue.record("\(outcome)")
        }
        #expect(server.pointCount == 0)
        server.change { $0.fault = { _, _ in nil } }
        #expect(Self.deliver(Self.points(3), to: backend) == .accepted)
        server.stop()
        guard case .unreachable = Self.deliver(Self.points(3), to: backend) else {
            Issue.record("not unreachable")
            return
        }
    }
}
