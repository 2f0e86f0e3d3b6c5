import PuyPuyBackends
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct BackendReaderTests {
    @Test func `the defaults of the keys are those of the backend`() throws {
        let loaded = try TemporaryDirectory().loadInflux("")
        #expect(loaded.problems == [])
        var expected = BackendConfiguration(name: "default", type: .influxDB)
        expected.url = "http://127.0.0.1:8086"
        expected.database = "metrics"
        #expect(try #require(loaded.settings).backends == [expected])
    }

    @Test func `every key has its effect`() throws {
        let folder = try TemporaryDirectory()
        let pem = try folder.write("tls/a.pem", "")
        let loaded = try folder.loadInflux(
            """
            retention_policy: week
            ca_file: tls/a.pem
            client_cert: tls/a.pem
            client_key: tls/a.pem
            insecure_skip_verify: yes
            proxy: socks5h://h:1080
            timeout_seconds: 7
            reconnect_max_seconds: 0.5
            max_batch_points: 11
            max_points_per_second: 13
            drain_order: OLDEST_FIRST
            backfill: 24h
            gzip: no
            integers: True
            precision: ms
            """)
        let backend = try #require(loaded.settings).backends[0]
        #expect(backend.retentionPolicy == "week")
        #expect([backend.caFile, backend.clientCertificate, backend.clientKey] == [pem, pem, pem])
        #expect(backend.skipsVerification)
        #expect(backend.proxy == "socks5h://h:1080")
        #expect(backend.timeout == .seconds(7))
        #expect(backend.reconnectMax == .milliseconds(500))
        #expect(backend.maxBatchPoints == 11)
        #expect(backend.maxPointsPerSecond == 13)
        #expect(backend.drainOrder == .oldestFirst)
        #expect(backend.backfill == .seconds(24 * 3600))
        #expect(!backend.compresses)
        #expect(backend.sendsIntegers)
        #expect(backend.precision == .milliseconds)
    }

    @Test func `every section of a destination is one, in their order`() throws {
        let folder = try TemporaryDirectory()
        let loaded = try folder.loadInflux(
            "address: http://h:1\n[TSDB:archive]\ntsdtype: Local\n[TSDB:b-2]\ntsdtype: INFLUXDB\ndatabase: d\n"
                + "address: h:8086\n")
        let settings = try #require(loaded.settings)
        #expect(settings.backends.map(\.name) == ["default", "archive", "b-2"])
        #expect(settings.backends.map(\.type) == [.influxDB, .local, .influxDB])
        #expect(
            loaded.problems.lines.contains {
                $0.hasSuffix(
                    "[TSDB:b-2] address: taken for http://h:8086; write http:// or https:// in "
                        + "front of it")
            })
    }

    @Test func `without a destination the points stay in the spool`() throws {
        let loaded = try TemporaryDirectory().load("[SelfConfig]\nlocation: here\n")
        #expect(
            try #require(loaded.settings).backends == [
                BackendConfiguration(name: "default", type: .local)
            ])
    }
}
