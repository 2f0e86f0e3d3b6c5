import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// Against a real server that speaks the protocol: VictoriaMetrics.
@Suite struct OpenTSDBVictoriaTests {
    /// Some minutes ago: the server drops points that are far ahead.
    static let recentNs = VictoriaMetricsServerTests.second * 1_000_000_000

    @Test func `every value comes back as it was`() throws {
        let server = try VictoriaMetricsServer.started()
        let backend = try OpenTSDBBackendTests.backend(server.openTSDBURL) {
            $0.takesChunked = true
        }
        // Up to 15 digits and of similar size in each series: what this server keeps exactly.
        let points = (0..<20_000).map { index in
            let (series, time) = (index % 20, index / 20)
            let whole = Int64(series * 1_000_003 + time * 7919 - 3_000_000)
            return OpenTSDBEncoderTests.point(
                "exact", ["series": "\(series)"], at: Self.recentNs + Int64(time) * 1_000_000,
                series % 2 == 0 ? .integer(whole) : .double(Double(whole) / 1000))
        }
        #expect(OpenTSDBBackendTests.deliverAll(points, to: backend) == [])
        #expect(
            OpenTSDBBackendTests.bits(try server.points()) == OpenTSDBBackendTests.bits(points))
    }

    @Test func `names, and values of every size, come back mapped`() throws {
        let server = try VictoriaMetricsServer.started()
        let backend = try OpenTSDBBackendTests.backend(server.openTSDBURL)
        var points: [Point] = []
        for word in InfluxBackendRoundTripTests.nastyWords + ["a\nb", "a_x20b"] {
            points.append(OpenTSDBEncoderTests.point(word, at: Self.recentNs))
            points.append(OpenTSDBEncoderTests.point("values", ["key": word], at: Self.recentNs))
            points.append(OpenTSDBEncoderTests.point("keys", ["k\(word)": "v"], at: Self.recentNs))
        }
        // One series each, so that they do not share a power of ten.
        let values: [Double] = [1e-7, 1e20, 0.1, 123_456.789, 1e-300, 2e300, -1e15]
        for (index, value) in values.enumerated() {
            points.append(
                OpenTSDBEncoderTests.point(
                    "v", ["n": "\(index)"], at: Self.recentNs, .double(value)))
        }
        #expect(OpenTSDBBackendTests.deliverAll(points, to: backend) == [])
        let stored = OpenTSDBBackendTests.bits(try server.points())
        #expect(Set(stored.keys) == Set(points.map { OpenTSDBBackendTests.mapped($0.series) }))
        let wanted = OpenTSDBBackendTests.bits(points)
        for (series, bits) in wanted {
            #expect(
                stored[series]?.mapValues { Double(bitPattern: $0) }
                    == bits.mapValues { Double(bitPattern: $0) }, "\(series)")
        }
    }

    @Test(arguments: [
        (BackendConfiguration.Precision.seconds, 0 as Int64), (.milliseconds, 123_000_000),
    ]) func `times come back in their unit, and sending twice changes nothing`(
        precision: BackendConfiguration.Precision, restNs: Int64
    ) throws {
        let server = try VictoriaMetricsServer.started()
        let backend = try OpenTSDBBackendTests.backend(server.openTSDBURL) {
            $0.precision = precision
        }
        let point = OpenTSDBEncoderTests.point("m", at: Self.recentNs + 123_456_789, .double(0.5))
        for _ in 0..<2 {
            #expect(OpenTSDBBackendTests.deliver([point], to: backend) == .accepted)
        }
        let stored = try #require(try server.points().values.first)
        #expect(stored.map(\.timestampNs) == [Self.recentNs + restNs])
    }

    @Test func `a killed server is unreachable, and takes points again once it is back`() throws {
        let server = try VictoriaMetricsServer.started()
        let backend = try OpenTSDBBackendTests.backend(server.openTSDBURL)
        let point = OpenTSDBEncoderTests.point("m", at: Self.recentNs)
        #expect(OpenTSDBBackendTests.deliver([point], to: backend) == .accepted)
        #expect(try server.pointCount() == 1)
        server.kill()
        guard case .unreachable = OpenTSDBBackendTests.deliver([point], to: backend) else {
            Issue.record("not unreachable")
            return
        }
        try server.start()
        #expect(OpenTSDBBackendTests.deliver([point], to: backend) == .accepted)
    }
}
