import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// InfluxDB 2 and 3, against stand-ins that are as strict as they are.
@Suite struct InfluxStandInTests {
    static let good = (0..<50).map { row in
        LineProtocolTests.point(
            "cpu_load", ["host": "web \(row % 7)"], at: 1000 + Int64(row), .double(Double(row) / 3))
    }

    static func stored(_ points: [Point]) -> [Series: [Int64: UInt64]] {
        var stored: [Series: [Int64: UInt64]] = [:]
        for point in points {
            stored[point.series, default: [:]][point.timestampNs] = point.value.asDouble.bitPattern
        }
        return stored
    }

    static func stored(_ server: InfluxStandIn) -> [Series: [Int64: UInt64]] {
        server.points().mapValues { InfluxBackendRoundTripTests.bits($0) }
    }

    @Test(arguments: InfluxStandIn.Kind.allCases)
    func `random names and values come back as they were, or were refused`(
        kind: InfluxStandIn.Kind
    ) throws {
        let server = try InfluxStandIn(kind)
        let backend = try server.backend()
        var generator = SeededGenerator(seed: 5)
        let letters = [
            "\\", ",", "=", " ", "\"", "'", "a", "b", "é", "#", "\t", "\r", "/", "☃", "😀", "<",
            "\0", "_", "value", "time",
        ]
        func word() -> String {
            (0..<Int.random(in: 1...5, using: &generator))
                .map { _ in letters.randomElement(using: &generator)! }.joined()
        }
        var points: [Point] = []
        for row in 0..<1000 {
            let series = Series(metric: word(), tags: Tags([(word(), word()), (word(), word())]))
            let bits = Double(bitPattern: generator.next())
            points.append(
                Point(
                    series: series, timestampNs: Int64(row),
                    value: .double(bits.isFinite ? bits : -0.0)))
        }
        let refused = try #require(deliverAll(points, to: backend))
        let wanted = points.indices.filter { refused[$0] == nil }.map { points[$0] }
        #expect(Self.stored(server) == Self.stored(wanted))
        #expect(wanted.count > 200)
        #expect(wanted.count < 1000)
    }

    @Test(arguments: InfluxStandIn.Kind.allCases)
    func `every precision means to the server what it means to us`(kind: InfluxStandIn.Kind) throws
    {
        for (precision, storedNs) in [
            (BackendConfiguration.Precision.nanoseconds, 1_700_000_000_123_456_789 as Int64),
            (.microseconds, 1_700_000_000_123_456_000), (.milliseconds, 1_700_000_000_123_000_000),
            (.seconds, 1_700_000_000_000_000_000),
        ] {
            let server = try InfluxStandIn(kind)
            let backend = try server.backend { $0.precision = precision }
            let point = LineProtocolTests.point("m", at: 1_700_000_000_123_456_789)
            #expect(deliverAll([point], to: backend) == [:])
            #expect(server.points().values.first?.map(\.timestampNs) == [storedNs])
        }
    }

    @Test(arguments: InfluxStandIn.Kind.allCases)
    func `the same points sent twice are stored once`(kind: InfluxStandIn.Kind) throws {
        let server = try InfluxStandIn(kind)
        let backend = try server.backend { $0.sendsIntegers = true }
        let points =
            Self.good
            + (0..<10_000).map { LineProtocolTests.point("n", at: Int64($0), .integer(Int64($0))) }
        for _ in 0..<2 { #expect(deliverAll(points, to: backend) == [:]) }
        #expect(Self.stored(server) == Self.stored(points))
        #expect(server.requests.allSatisfy { $0.headers["content-encoding"] == "gzip" })
    }

    @Test(
        arguments: InfluxStandIn.Kind.allCases,
        [[0], [25], [49], [0, 49], [0, 3, 4, 5, 17, 24, 25, 30, 48, 49], Array(0..<50)])
    func `poison costs itself and little more`(kind: InfluxStandIn.Kind, rows: [Int]) throws {
        let server = try InfluxStandIn(kind)
        server.refuse(metric: "poison", "why")
        let backend = try server.backend()
        var points = Self.good
        for row in rows { points[row] = LineProtocolTests.point("poison", at: Int64(row)) }
        let refused = try #require(deliverAll(points, to: backend))
        #expect(refused.keys.sorted() == rows)
        #expect(refused.values.allSatisfy { $0.hasPrefix("HTTP 400: ") && $0.hasSuffix("why") })
        #expect(Self.stored(server) == Self.stored(points.filter { $0.series.metric != "poison" }))
        #expect(server.requests.count <= 2)
    }

    @Test(arguments: InfluxStandIn.Kind.allCases, [[0], [25], [49], [0, 24, 25, 49]])
    func `a point of another type than its series costs itself`(
        kind: InfluxStandIn.Kind, rows: [Int]
    ) throws {
        let server = try InfluxStandIn(kind)
        let integers = try server.backend { $0.sendsIntegers = true }
        let first = LineProtocolTests.point("count", at: 1, .integer(1))
        #expect(deliverAll([first], to: integers) == [:])
        var points = Self.good
        for row in rows { points[row] = LineProtocolTests.point("count", at: Int64(row) + 2) }
        let refused = try #require(deliverAll(points, to: try server.backend()))
        #expect(refused.keys.sorted() == rows)
        #expect(
            Self.stored(server)
                == Self.stored(points.filter { $0.series.metric != "count" } + [first]))
    }

    @Test(arguments: InfluxStandIn.Kind.allCases)
    func `a body over the server's limit is halved`(kind: InfluxStandIn.Kind) throws {
        let server = try InfluxStandIn(kind)
        server.setMaxBodyBytes(600)
        #expect(deliverAll(Self.good, to: try server.backend()) == [:])
        #expect(Self.stored(server) == Self.stored(Self.good))
    }

    @Test(arguments: InfluxStandIn.Kind.allCases)
    func `a confirmation that is lost costs nothing`(kind: InfluxStandIn.Kind) throws {
        for fault: StandInFault in [
            .afterwards(.reset), .afterwards(.close),
            .afterwards(.cutBody(status: 204, resets: true)),
            .instead(.cutBody(status: 500, resets: false)), .instead(.raw(Array("garbage".utf8))),
            .instead(.status(503, headers: ["Retry-After: 1"])), .instead(.status(429)),
            .instead(.status(200, body: "{\"error\":\"not now\"}")), .instead(.close),
            .afterwards(.status(502, body: "<html>Bad Gateway</html>")),
        ] {
            let server = try InfluxStandIn(kind)
            server.setFault { $0 == 1 ? fault : nil }
            #expect(deliverAll(Self.good, to: try server.backend()) == [:], "\(fault)")
            #expect(Self.stored(server) == Self.stored(Self.good), "\(fault)")
        }
    }

    @Test(arguments: InfluxStandIn.Kind.allCases)
    func `a server that hangs or is down keeps the points waiting`(kind: InfluxStandIn.Kind) throws
    {
        let server = try InfluxStandIn(kind)
        server.setFault { $0 == 1 ? .instead(.hang) : nil }
        let backend = try server.backend { $0.timeout = .milliseconds(200) }
        let (block, catalog) = LineProtocolTests.block(Self.good)
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
        #expect(deliverAll(Self.good, to: try server.backend()) == [:])
        #expect(Self.stored(server) == Self.stored(Self.good))
    }

    @Test(arguments: InfluxStandIn.Kind.allCases)
    func `a wrong token holds until it is right, and is never repeated`(
        kind: InfluxStandIn.Kind
    ) throws {
        let server = try InfluxStandIn(kind)
        server.setToken("s3crets3cret")
        let (block, catalog) = LineProtocolTests.block(Self.good)
        for credentials: Credentials in [.none, .token("wr0ngt0ken")] {
            let backend = try server.backend { $0.credentials = credentials }
            let outcome = backend.deliver(block, catalog: catalog).outcome
            guard case .misconfigured(let reason, let hint) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(hint.contains("token"))
            #expect(!(reason + hint).contains("wr0ngt0ken"))
        }
        let backend = try server.backend { $0.credentials = .token("s3crets3cret") }
        #expect(deliverAll(Self.good, to: backend) == [:])
        let scheme = kind == .two ? "Token" : "Bearer"
        #expect(server.requests.last?.headers["authorization"] == "\(scheme) s3crets3cret")
    }

    @Test func `a bucket, an organization and a permission that are missing are named`() throws {
        let stand = try InfluxDB2StandIn()
        let server = InfluxStandIn.two(stand)
        let (block, catalog) = LineProtocolTests.block(Self.good)
        func hint(_ change: (inout BackendConfiguration) -> Void = { _ in }) throws -> String {
            let outcome = try server.backend(change).deliver(block, catalog: catalog).outcome
            guard case .misconfigured(_, let hint) = outcome else { return "\(outcome)" }
            return hint
        }
        #expect(try hint { $0.bucket = "no such & bucket" }.contains("set bucket"))
        #expect(try hint { $0.organization = "nobody" }.contains("set organization"))
        stand.change { $0.mayWrite = false }
        #expect(try hint().contains("permission"))
    }

    @Test func `points beyond the retention cost themselves`() throws {
        let stand = try InfluxDB2StandIn()
        stand.change { $0.oldestNs = 1010 }
        let server = InfluxStandIn.two(stand)
        let refused = try #require(deliverAll(Self.good, to: try server.backend()))
        #expect(refused.keys.sorted() == Array(0..<10))
        #expect(Self.stored(server) == Self.stored(Array(Self.good[10...])))
    }

    @Test func `a server of InfluxDB 3 with too many databases or tables says so`() throws {
        let stand = try InfluxDB3StandIn()
        stand.change { $0.maxTables = 3 }
        let server = InfluxStandIn.three(stand)
        let points = (0..<6).map { LineProtocolTests.point("m\($0)", at: 1) }
        let refused = try #require(deliverAll(points, to: try server.backend()))
        #expect(refused.count == 3)
        #expect(stand.points().count == 3)
        stand.change { $0.maxDatabases = 1 }
        let (block, catalog) = LineProtocolTests.block([points[0]])
        let other = try server.backend { $0.database = "other" }
        guard case .misconfigured = other.deliver(block, catalog: catalog).outcome else {
            Issue.record("not misconfigured")
            return
        }
    }
}
