import PuyPuyBackends
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct CollectdPlanTests {
    private static let file = Fixtures.folder + "/collectd/collectd.conf"

    private func plan(_ text: String) throws -> ImportPlan {
        let folder = try TemporaryDirectory()
        return try ImportPlan(
            collectd: try folder.write("collectd.conf", text), spoolPath: nil)
    }

    private func configuration(_ plan: ImportPlan) -> String {
        String(decoding: plan.files[0].bytes, as: UTF8.self)
    }

    @Test func `a usual configuration becomes one of PuyPuy, which is good`() throws {
        let plan = try ImportPlan(collectd: Self.file, spoolPath: "/data/spool.db")
        let checks = [
            "cpustats", "disks", "load_average", "memory", "network_bytes", "tcpconn",
        ]
        #expect(
            plan.files.map(\.path)
                == ["config.ini"] + checks.map { "checks_enabled/check_\($0).ini" })
        #expect(plan.files[0].mode == 0o600)
        let folder = try TemporaryDirectory()
        for file in plan.files {
            try folder.write(
                file.path, String(decoding: file.bytes, as: UTF8.self), mode: file.mode)
        }
        let (loaded, problems) = Settings.load(
            from: SettingsLocation(label: "config.ini", path: folder.path + "/config.ini"),
            checks: CheckSet.builtIn, environment: { _ in nil })
        #expect(problems.lines == [])
        let settings = try #require(loaded)
        #expect(settings.checkPeriod == .seconds(20))
        #expect(settings.hostname == "web1")
        #expect(settings.logFile == "/var/log/collectd.log")
        #expect(settings.spool.path == "/data/spool.db")
        #expect(settings.baseTags(host: "web1").pairs.count == 1)
        #expect(settings.checks.map(\.name) == checks)
        #expect(settings.checks[0].options == ["percore_stats": "False"])
        #expect(settings.checks[1].interval == .seconds(60))
        #expect(settings.backends.map(\.name) == ["default", "kairosdb", "opentsdb"])
        #expect(
            settings.backends.map(\.url) == [
                "tcp://graphite.example.com:2004", "https://kairos.example.com:8080",
                "http://opentsdb.example.com:4242",
            ])
        #expect(settings.backends[1].path == "/api/v1/datapoints")
        #expect(
            settings.backends[1].credentials == .basic(user: "collectd", password: "a \"b\" #1"))
    }

    @Test(arguments: [
        ("8: WriteQueueLimitHigh", "PuyPuy has no such setting"),
        ("17: LoadPlugin cpu", "with other names: cpu-idle"),
        ("25: LoadPlugin swap", "puypuy check new script swap"),
        ("30: LoadPlugin network", "PuyPuy does not write there; it writes to InfluxDB"),
        ("31: LoadPlugin exec", "not PUTVAL"),
        ("39: <Plugin df> FSType", "the check disks measures all that there is"),
        ("52: <Plugin ping>", "no LoadPlugin loads it"),
        ("57: <Plugin write_graphite> Node", "where graphite.example.com:2003 takes text"),
        ("61: <Plugin write_graphite> Prefix", "PuyPuy has no such setting"),
        ("73: <Plugin write_http> Node", "PuyPuy does not send what collectd sends"),
        ("80: <Plugin write_tsdb> Node", "PuyPuy sends over HTTP"),
        ("87: Include", "other files are not read"),
    ])
    func `what is not carried over is named with its line and the reason`(
        _ subject: String, _ words: String
    ) throws {
        let remarks = try ImportPlan(collectd: Self.file, spoolPath: nil).remarks
        let reasons = remarks.filter { $0.subject.hasPrefix("collectd.conf:" + subject) }
        #expect(reasons.contains { $0.reason.contains(words) }, "\(remarks)")
        #expect(!remarks.contains { $0.reason.contains("secret") })
    }

    @Test func `a Prometheus that reads finds the web server`() throws {
        let text = "LoadPlugin write_prometheus\n<Plugin write_prometheus>\nPort 9103\n</Plugin>\n"
        let made = configuration(try plan(text))
        #expect(made.contains("tsdtype: Prometheus\n"))
        #expect(made.contains("[WebServer]\nwebserver: yes\nwebaddress: 0.0.0.0:9103\n"))
    }

    @Test func `without a writer that there is the points stay in the spool`() throws {
        let plan = try plan("LoadPlugin cpu\nLoadPlugin network\n")
        #expect(configuration(plan).contains("[TSDB]\ntsdtype: Local\n"))
        #expect(plan.remarks.contains { $0.reason.contains("the points stay in the spool") })
    }

    @Test func `a file that is none of collectd's is refused, with the line`() throws {
        do throws(ImportError) {
            _ = try ImportPlan(collectd: Fixtures.package + "/README.md", spoolPath: nil)
            Issue.record("it was read")
        } catch {
            #expect(error.description.contains("README.md, line "), "\(error)")
        }
    }
}
