import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// The refusals of the real server, provoked one by one.
@Suite struct InfluxBackendFaultTests {
    static let point = LineProtocolTests.point("m", ["host": "a"], at: 1_700_000_000_000_000_000)

    static func backend(
        _ url: String, _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) throws -> any Backend {
        try InfluxBackendRoundTripTests.backend(url, change)
    }

    static func deliver(_ points: [Point], to backend: any Backend) -> Outcome {
        InfluxBackendRoundTripTests.deliver(points, to: backend)
    }

    static func misconfigured(_ outcome: Outcome) -> (reason: String, hint: String)? {
        if case .misconfigured(let reason, let hint) = outcome { return (reason, hint) }
        Issue.record("\(outcome)")
        return nil
    }

    @Test func `a type conflict suspects the points of that metric, the others are stored`() throws
    {
        let server = try InfluxServer.started()
        let integers = try Self.backend(server.url) { $0.sendsIntegers = true }
        #expect(
            Self.deliver([LineProtocolTests.point("count", at: 1, .integer(1))], to: integers)
                == .accepted)
        let backend = try Self.backend(server.url)
        let points = [
            LineProtocolTests.point("good", at: 1), LineProtocolTests.point("count", at: 2),
            LineProtocolTests.point("good", at: 2),
        ]
        guard case .refused(let reason, let suspects) = Self.deliver(points, to: backend) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("field type conflict"))
        #expect(suspects == [1])
        #expect(try server.pointCount() == 3)
        let alone = Self.deliver([points[1]], to: backend)
        #expect(InfluxClassifierTests.rows(alone) == [0], "\(alone)")
    }

    @Test func `lines that the server cannot read are named and the rest is stored`() throws {
        // The encoder lets no such line through, so the line is made behind its back.
        let server = try InfluxServer.started()
        let lines = LineProtocolTests.encode([
            LineProtocolTests.point("good", at: 1), LineProtocolTests.point("bad", at: 2),
        ])
        var damaged = lines
        let value = try #require(
            lines.bytes.indices.last { lines.bytes[$0] == UInt8(ascii: "=") })
        damaged.bytes[value + 1] = UInt8(ascii: "x")
        let answer = try LoopbackRequest(
            "POST", "/write?db=puypuy&precision=n", port: server.port, body: damaged.bytes)
        let outcome = InfluxClassifier.classify(
            HTTPResponse(status: answer.status, body: answer.body), lines: damaged,
            database: "puypuy")
        #expect(InfluxClassifierTests.rows(outcome) == [1])
        #expect(try server.points().keys.map(\.metric) == ["good"])
    }

    @Test func `points beyond the retention policy are named when all are`() throws {
        let server = try InfluxServer.started(databases: [])
        try server.createDatabase("puypuy", retention: "1h")
        let backend = try Self.backend(server.url)
        let now = wallClockNs()
        let old = LineProtocolTests.point("m", at: now - 7 * 86_400_000_000_000)
        let fresh = LineProtocolTests.point("m", at: now)
        guard case .refused(let reason, let suspects) = Self.deliver([fresh, old], to: backend)
        else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("beyond retention policy"))
        #expect(suspects == [1])
        #expect(try server.pointCount() == 1)
        #expect(InfluxClassifierTests.rows(Self.deliver([old, old], to: backend)) == [0, 1])
    }

    @Test func `too many series are a refusal without suspects`() throws {
        var options = InfluxServer.Options()
        options.maxSeriesPerDatabase = 3
        let server = try InfluxServer.started(options)
        let backend = try Self.backend(server.url)
        let points = (0..<6).map { LineProtocolTests.point("m\($0)") }
        guard case .refused(let reason, let suspects) = Self.deliver(points, to: backend) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("max-series-per-database"))
        #expect(suspects.isEmpty)
    }

    @Test(arguments: [true, false])
    func `a body over the server's limit is too large`(compresses: Bool) throws {
        var options = InfluxServer.Options()
        options.maxBodySize = 2000
        let server = try InfluxServer.started(options)
        let backend = try Self.backend(server.url) { $0.compresses = compresses }
        var generator = SeededGenerator(seed: 3)
        let points = (0..<1000).map {
            LineProtocolTests.point(
                "m", at: Int64($0), .double(Double.random(in: 0..<1, using: &generator)))
        }
        guard case .tooLarge = Self.deliver(points, to: backend) else {
            Issue.record("not too large")
            return
        }
        #expect(Self.deliver(Array(points.prefix(5)), to: backend) == .accepted)
    }

    @Test func `an unknown database says how to make it`() throws {
        let server = try InfluxServer.started(databases: [])
        let backend = try Self.backend(server.url) { $0.database = "no \"such\"" }
        let said = Self.misconfigured(Self.deliver([Self.point], to: backend))
        #expect(said?.reason.contains("database not found") == true)
        #expect(said?.hint.contains("CREATE DATABASE") == true)
    }

    @Test func `an unknown retention policy holds although the server says 500`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url) { $0.retentionPolicy = "weekly" }
        let said = Self.misconfigured(Self.deliver([Self.point], to: backend))
        #expect(said?.reason.contains("weekly") == true)
        #expect(said?.hint.contains("retention_policy") == true)
    }

    @Test func `credentials are asked for, checked and never repeated`() throws {
        var options = InfluxServer.Options()
        options.administrator = ("root", "r00tr00t")
        let server = try InfluxServer.started(options)
        try server.statement("CREATE USER joe WITH PASSWORD 'hunter22'")
        func outcome(_ credentials: Credentials) throws -> Outcome {
            Self.deliver(
                [Self.point], to: try Self.backend(server.url) { $0.credentials = credentials })
        }
        #expect(try outcome(.basic(user: "root", password: "r00tr00t")) == .accepted)
        for credentials: Credentials in [
            .none, .basic(user: "root", password: "wr0ngw0rd"), .token("t0kent0ken"),
            .basic(user: "joe", password: "hunter22"),
        ] {
            let said = Self.misconfigured(try outcome(credentials))
            let text = "\(said?.reason ?? "")\(said?.hint ?? "")"
            #expect(text.contains("HTTP 401") || text.contains("HTTP 403"))
            for secret in ["r00tr00t", "wr0ngw0rd", "t0kent0ken", "hunter22"] {
                #expect(!text.contains(secret))
            }
        }
    }

    @Test func `a server that repeats our credentials does not get them into our words`() throws {
        let server = try StandInHTTPServer { request in
            .status(401, body: "you sent \(request.headers["authorization"] ?? "") hunter22")
        }
        let backend = try Self.backend(server.url) {
            $0.credentials = .basic(user: "joe", password: "hunter22")
        }
        let said = Self.misconfigured(Self.deliver([Self.point], to: backend))
        #expect(said?.reason == "HTTP 401: you sent Basic *** ***")
    }

    @Test func `a killed server is unreachable, and takes points again once it is back`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url)
        #expect(Self.deliver([Self.point], to: backend) == .accepted)
        server.kill()
        guard case .unreachable = Self.deliver([Self.point], to: backend) else {
            Issue.record("not unreachable")
            return
        }
        try server.start()
        #expect(Self.deliver([Self.point], to: backend) == .accepted)
        #expect(try server.pointCount() == 1)
    }

    @Test func `a server that dies in the middle of a request leaves an unknown outcome`()
        async throws
    {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url) { $0.compresses = false }
        // More than the sockets' buffers hold, so that the request is under way for certain.
        let points = (0..<300_000).map { LineProtocolTests.point("m", at: Int64($0)) }
        let (block, catalog) = LineProtocolTests.block(Array(points.prefix(1)))
        var large = PointBlock()
        for point in points {
            large.append(
                series: block.seriesIDs[0], timestampNs: point.timestampNs, value: point.value)
        }
        server.pause()
        let killer = Task {
            try await Task.sleep(for: .milliseconds(300))
            server.kill()
        }
        guard case .transient(let reason, _) = backend.deliver(large, catalog: catalog).outcome
        else {
            Issue.record("not transient")
            return
        }
        #expect(reason.contains(server.url))
        try await killer.value
    }

    @Test func `a frozen server is a timeout of unknown outcome`() throws {
        let server = try InfluxServer.started()
        let backend = try Self.backend(server.url) { $0.timeout = .milliseconds(300) }
        server.pause()
        guard case .transient = Self.deliver([Self.point], to: backend) else {
            Issue.record("not transient")
            return
        }
        server.resume()
        #expect(eventually { Self.deliver([Self.point], to: backend) == .accepted })
    }

    @Test func `points that cannot be expressed never reach the server`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let backend = try Self.backend(server.url)
        let bad = LineProtocolTests.point("#comment")
        #expect(InfluxClassifierTests.rows(Self.deliver([bad, bad], to: backend)) == [0, 1])
        #expect(server.requests.isEmpty)
        #expect(InfluxClassifierTests.rows(Self.deliver([bad, Self.point], to: backend)) == [0])
        #expect(server.requests.count == 1)
    }

    @Test func `the path of the address leads to the write endpoint`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let backend = try Self.backend("\(server.url)/proxy/influx/") {
            $0.database = "my db"
            $0.retentionPolicy = "a/b"
            $0.precision = .microseconds
        }
        #expect(Self.deliver([Self.point], to: backend) == .accepted)
        #expect(
            server.requests.map(\.target)
                == ["/proxy/influx/write?db=my%20db&rp=a%2Fb&precision=u"])
    }
}
