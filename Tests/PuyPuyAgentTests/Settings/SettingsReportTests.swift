import PuyPuyBackends
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct SettingsReportTests {
    private func report() throws -> String {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_redis@a.ini", "port: 1\npass: geheim\n")
        let loaded = try folder.load(
            """
            [SelfConfig]
            location: somewhere
            [TSDB]
            tsdtype: influxdb
            address: http://h:8086
            database: d
            user: u
            pass: geheim
            proxy: http://a:geheim@proxy:1
            """)
        return SettingsReport(try #require(loaded.settings)).description
    }

    @Test func `every setting is shown with where it comes from`() throws {
        let text = try report()
        #expect(text.hasPrefix("[SelfConfig]\n; default\ncheck_period_seconds: 10\n"))
        #expect(text.contains("\n; config.ini:2\nlocation: somewhere\n"))
        #expect(text.contains("\n[TSDB]\n; config.ini:4\ntsdtype: influxdb\n"))
        #expect(text.contains("\n; default\nprecision: ns\n"))
        #expect(text.contains("\n[check_redis@a]\n; default\ninterval: 10\n"))
        #expect(text.contains("\n; checks_enabled/check_redis@a.ini:1\nport: 1\n"))
        #expect(text.contains("\n; default\nhost: 127.0.0.1\n"))
    }

    @Test func `secrets are masked`() throws {
        let text = try report()
        #expect(!text.contains("geheim"))
        #expect(text.contains("\npass: ********\n"))
        #expect(text.contains("\nproxy: http://a:********@proxy:1\n"))
    }

    @Test func `the report is INI, and every key that counts is in it`() throws {
        let file = INIFile(try report())
        #expect(file.errors == [])
        let keys = BackendKey.effective(for: .influxDB)
        for (section, keys) in [("SelfConfig", SelfConfigKey.all), ("TSDB", keys)] {
            for key in keys where key.withoutEffect == nil {
                #expect(file.section(section)?.entry(key.name) != nil, "\(key.name)")
            }
        }
    }
}
