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

    /// A destination of `type` with these keys, which must be free of problems.
    private func backend(_ type: String, _ keys: String) throws -> BackendConfiguration {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        let loaded = try folder.load("[TSDB]\ntsdtype: \(type)\n\(keys)\n")
        #expect(loaded.problems == [])
        return try #require(loaded.settings).backends[0]
    }

    @Test func `InfluxDB 2 has an organization and a bucket`() throws {
        let backend = try backend(
            "influxdb2", "address: http://h:1\norganization: o\nbucket: b\ntoken: t0ken\ngzip: no")
        #expect(backend.type == .influxDB2)
        #expect(backend.organization == "o")
        #expect(backend.bucket == "b")
        #expect(backend.credentials == .token("t0ken"))
        #expect(!backend.compresses)
        #expect(backend.precision == .nanoseconds)
    }

    @Test func `InfluxDB 3 has a database`() throws {
        let backend = try backend(
            "InfluxDB3", "address: http://h:1\ndatabase: d\ninteger" + "s: yes")
        #expect(backend.database == "d")
        #expect(backend.sendsIntegers)
    }

    @Test func `OpenTSDB's path may lack its slash, and its unit is the millisecond`() throws {
        let backend = try backend(
            "OpenTSDB",
            "address: http://h:1\ndatapoints: api/put\nchunked: yes\ndrop_tags: group, location type"
        )
        #expect(backend.path == "/api/put")
        #expect(backend.takesChunked == true)
        #expect(backend.droppedTags == ["group", "location", "type"])
        #expect(backend.precision == .milliseconds)
        let bare = try self.backend("OpenTSDB", "address: http://h:1\nprecision: s")
        #expect(bare.path == "" && bare.takesChunked == nil && bare.precision == .seconds)
    }

    @Test func `KairosDB has a path`() throws {
        let backend = try backend(
            "KairosDB", "address: http://h:8080/\ndatapoints: /api/v1/datapoints\nuser: u\npass: p")
        #expect(backend.url == "http://h:8080")
        #expect(backend.path == "/api/v1/datapoints")
        #expect(backend.credentials == .basic(user: "u", password: "p"))
    }

    @Test(arguments: [
        ("graphite", "tcp://graphite:2004"), ("graphite:2014", "tcp://graphite:2014"),
        ("[::1]", "tcp://[::1]:2004"), ("tls://relay:2005", "tls://relay:2005"),
    ])
    func `Carbon's address needs neither scheme nor port`(_ text: String, _ url: String) throws {
        let backend = try backend(
            "Carbon", "address: \(text)\ncarbon_tags: yes\nmax_creates_per_minute: 50")
        #expect(backend.url == url)
        #expect(backend.sendsCarbonTags)
        #expect(backend.maxCreatesPerMinute == 50)
        #expect(try self.backend("Carbon", "address: \(text)").maxCreatesPerMinute == nil)
    }

    @Test func `remote write goes by age`() throws {
        let keys = "address: https://h/prometheus\n"
        let backend = try backend("PrometheusRemoteWrite", keys)
        #expect(backend.url == "https://h/prometheus")
        #expect(backend.drainOrder == .oldestFirst)
        let fresh = try self.backend("PrometheusRemoteWrite", keys + "drain_order: fresh_first")
        #expect(fresh.drainOrder == .freshFirst)
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
