import PuyPuyBackends
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct TelegrafPlanTests {
    private static let file = Fixtures.folder + "/telegraf/telegraf.conf"

    private func plan(_ text: String) throws -> ImportPlan {
        let folder = try TemporaryDirectory()
        return try ImportPlan(
            telegraf: try folder.write("telegraf.conf", text), spoolPath: nil)
    }

    private func text(_ path: String, of plan: ImportPlan) -> String? {
        plan.files.first { $0.path == path }.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// Why what starts with `subject` is not carried over as it was.
    private func reasons(_ subject: String, of plan: ImportPlan) -> [String] {
        plan.remarks.filter { $0.subject.hasPrefix("telegraf.conf:" + subject) }.map(\.reason)
    }

    @Test func `a usual configuration becomes one of PuyPuy, which is good`() throws {
        let plan = try ImportPlan(telegraf: Self.file, spoolPath: "/data/spool.db")
        #expect(
            plan.files.map(\.path) == [
                "config.ini", "checks_enabled/check_cpustats.ini",
                "checks_enabled/check_disks.ini", "checks_enabled/check_load_average.ini",
                "checks_enabled/check_memory.ini", "checks_enabled/check_nagios.ini",
                "checks_enabled/check_network_bytes.ini", "checks_enabled/check_tcpconn.ini",
                "checks_enabled/check_queue", "checks_enabled/check_stack",
            ])
        #expect(plan.files[0].mode == 0o600)
        #expect(text("checks_enabled/check_cpustats.ini", of: plan) == "percore_stats: False\n")
        #expect(text("checks_enabled/check_disks.ini", of: plan) == "interval: 60\n")

        let folder = try TemporaryDirectory()
        for file in plan.files {
            try folder.write(
                file.path, String(decoding: file.bytes, as: UTF8.self), mode: file.mode)
        }
        let (loaded, problems) = Settings.load(
            from: SettingsLocation(label: "config.ini", path: folder.path + "/config.ini"),
            checks: CheckSet.builtIn,
            environment: { ["INFLUX_TOKEN": "secret1", "MIMIR_TOKEN": "secret2"][$0] })
        #expect(problems.lines == [])
        let settings = try #require(loaded)
        #expect(settings.checkPeriod == .seconds(15))
        #expect(settings.hostname == "web1")
        #expect(settings.spool.path == "/data/spool.db")
        #expect(settings.logFile == "/var/log/puypuy/telegraf.log")
        #expect(settings.logRotation == LogRotation(period: .seconds(86400), backups: 5))
        #expect(
            settings.baseTags(host: "web1").description
                == "group=frontend,host=web1,location=us-east-1")
        #expect(
            settings.nagiosCommands["load"]?.hasSuffix("check_load -w 15,10,5 -c 30,25,20") == true)
        #expect(settings.programs.map(\.name) == ["queue", "stack"])
        checkDestinations(settings.backends)
    }

    private func checkDestinations(_ backends: [BackendConfiguration]) {
        #expect(
            backends.map(\.name) == [
                "default", "influxdb2", "carbon", "opentsdb", "prometheusremotewrite",
            ])
        #expect(
            backends.map(\.url) == [
                "http://127.0.0.1:8086", "http://127.0.0.1:9999", "tcp://graphite.example.com:2004",
                "http://opentsdb.example.com:4242", "https://mimir.example.com",
            ])
        guard backends.count == 5 else { return }
        #expect(backends[0].database == "metrics")
        #expect(backends[0].credentials == .basic(user: "telegraf", password: "metric\"s 1"))
        #expect(backends[0].timeout == .seconds(5))
        #expect(backends[1].organization == "example" && backends[1].bucket == "hosts")
        #expect(backends[1].credentials == .token("secret1"))
        #expect(!backends[1].compresses)
        #expect(backends[2].sendsCarbonTags)
        #expect(backends[3].path == "/api/put")
        #expect(backends[4].path == "/api/v1/push")
        #expect(backends[4].credentials == .token("secret2"))
    }

    @Test(arguments: [
        ("8: [global_tags] dc", "it is the tag location from now on"),
        ("10: [global_tags] owner", "choose one of them for it"),
        ("35: [[outputs.influxdb]]", "http://127.0.0.2:8086 is left out"),
        ("39: [[outputs.influxdb]] write_consistency", "PuyPuy has no such setting"),
        ("44: [[outputs.influxdb]] namepass", "each destination gets every point"),
        ("53: [[outputs.graphite]]", "PuyPuy sends pickles, usually to port 2004"),
        ("55: [[outputs.graphite]] prefix", "metrics have no prefix"),
        ("74: [[outputs.http]] X-Scope-OrgID", "no headers of one's own are sent"),
        ("77: [[outputs.kafka]]", "PuyPuy does not write there"),
        ("85: [[inputs.cpu]]", "with other names: usage_idle is cpu_idle"),
        ("92: [[inputs.disk]] ignore_fs", "file systems on local disks are measured"),
        ("101: [[inputs.nstat]]", "puypuy check new script nstat"),
        ("105: [[inputs.system]] tags", "points have no further tags"),
        ("108: [[inputs.exec]]", "runs in the resident program check_queue, every 30 s"),
        ("122: [[inputs.exec]]", "not json"),
        ("126: [[inputs.snmp]]", "PuyPuy has no check for it"),
        ("136: [[processors.rename]]", "PuyPuy delivers points as they were measured"),
    ])
    func `what is not carried over is named with its line and the reason`(
        _ subject: String, _ words: String
    ) throws {
        let plan = try ImportPlan(telegraf: Self.file, spoolPath: nil)
        #expect(
            reasons(subject, of: plan).contains { $0.contains(words) },
            "\(reasons(subject, of: plan))")
    }

    @Test func `remarks stand in the order of the file, and none is about what is usual`() throws {
        let plan = try ImportPlan(telegraf: Self.file, spoolPath: nil)
        let lines = plan.remarks.compactMap { Int($0.subject.split(separator: ":")[1]) }
        #expect(lines == lines.sorted())
        #expect(!plan.remarks.contains { $0.subject.contains("[agent]") }, "\(plan.remarks)")
    }

    @Test func `a command that prints line protocol runs again and again`() throws {
        let plan = try plan(
            """
            [[inputs.exec]]
              command = "/opt/memory.sh"
            [agent]
              interval = "1m30s"
            """)
        // Under another name than the built-in check, which would not run beside it.
        let program = plan.files.first { $0.path == "checks_enabled/check_memory_2" }
        #expect(program?.mode == 0o755)
        #expect(
            text("checks_enabled/check_memory_2", of: plan) == """
                #!/bin/sh
                # Made from [[inputs.exec]] of telegraf.conf: runs its command again and again.
                while true; do
                    /opt/memory.sh
                    sleep 90
                done

                """)
    }

    @Test func `without an output that there is the points stay in the spool`() throws {
        let plan = try plan("[[outputs.file]]\nfiles = [\"stdout\"]\n")
        #expect(text("config.ini", of: plan)?.contains("[TSDB]\ntsdtype: Local\n") == true)
        #expect(reasons("1: outputs", of: plan).count == 1)
    }

    @Test func `outputs of one type have a section each`() throws {
        let output = "[[outputs.influxdb]]\nurls = [\"http://a:1\"]\n"
        let configuration = try #require(text("config.ini", of: try plan(output + output + output)))
        for section in ["[TSDB]", "[TSDB:influxdb]", "[TSDB:influxdb-2]"] {
            #expect(configuration.contains("\n\(section)\ntsdtype: InfluxDB\n"), "\(section)")
        }
    }

    @Test func `a Prometheus that reads finds the web server`() throws {
        let plan = try plan(
            "[[outputs.prometheus_client]]\nlisten = \":9273\"\nip_range = [\"10.0.0.0/8\"]\n")
        let configuration = try #require(text("config.ini", of: plan))
        #expect(configuration.contains("tsdtype: Prometheus\n"))
        #expect(
            configuration.contains(
                "[WebServer]\nwebserver: yes\nwebaddress: 0.0.0.0:9273\nallowedip: 10.0.0.0/8\n"))
    }

    @Test func `a secret in a store is not taken for the secret`() throws {
        let plan = try plan(
            "[[outputs.influxdb_v2]]\nurls = [\"http://a:1\"]\ntoken = \"@{store:token}\"\n")
        #expect(text("config.ini", of: plan)?.contains("@{") == false)
        #expect(
            reasons("3: [[outputs.influxdb_v2]] token", of: plan).first?.contains("token_file")
                == true)
    }

    @Test func `a file that is none of Telegraf's is refused, with the line`() throws {
        do throws(ImportError) {
            _ = try ImportPlan(
                telegraf: Fixtures.folder + "/historical/every_section.ini", spoolPath: nil)
            Issue.record("it was read")
        } catch {
            #expect(error.description.contains("every_section.ini, line "), "\(error)")
        }
        do throws(ImportError) {
            _ = try ImportPlan(telegraf: "/nonexistent.conf", spoolPath: nil)
            Issue.record("it was read")
        } catch {
            #expect(
                error.description == "cannot read /nonexistent.conf: no such file or directory")
        }
    }

    @Test(arguments: [
        ("10s", 10), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600), ("1d", 86400), ("15", 15),
    ])
    func `times are those of Go`(_ text: String, _ seconds: Double) {
        #expect(TelegrafPlugin.seconds(text) == seconds)
    }

    @Test(arguments: ["", "s", "10x", "1m30", "-5s", "ten", "nan", "inf"])
    func `anything else is no time`(_ text: String) {
        #expect(TelegrafPlugin.seconds(text) == nil)
    }
}
