import Foundation
import TestSupport
import Testing

/// The commands as a person and a script use them: what they print, and their exit codes.
@Suite(.timeLimit(.minutes(10)))
struct CommandTests {
    private func installation(_ more: String = "") throws -> Installation {
        try Installation(
            configuration: """
                [SelfConfig]
                cluster_name: test
                hostname: command.example
                [TSDB]
                tsdtype: Local
                \(more)
                """, checks: ["memory", "load_average"])
    }

    @Test func `once prints this host's points, stores nothing and says how many`() throws {
        let puypuy = try installation()
        let output = try puypuy.run(["once"])
        #expect(output.code == 0, "\(output.errors)")
        #expect(output.text.contains("mem_total{"))
        #expect(output.text.contains("host=command.example"))
        #expect(output.errors.contains("2 checks"))
        #expect(access(puypuy.path + "/var/spool.db", F_OK) != 0)
    }

    @Test func `once --send fails when the spool cannot take the points`() throws {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                spool_min_free_mb: 16777216
                [TSDB]
                tsdtype: Local
                """, checks: ["memory"])
        let output = try puypuy.run(["once", "--send"])
        #expect(output.code == 1)
        #expect(output.errors.contains("spool_min_free_mb"))
        #expect(!output.errors.contains("the spool keeps the points"))
    }

    @Test func `once --send leaves collecting to a daemon that runs`() throws {
        let puypuy = try installation()
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 }, "\(puypuy.log)")
        let output = try puypuy.run(["once", "--send"])
        #expect(output.code == 1 && output.text.isEmpty, "\(output.text)")
        #expect(output.errors.contains("\(puypuy.daemonPid)"), "\(output.errors)")
        #expect(puypuy.stop() == 0)
    }

    @Test func `once --send says why points wait, not that its time was up`() throws {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                shutdown_seconds: 1
                [TSDB]
                tsdtype: InfluxDB
                address: http://127.0.0.1:1
                database: puypuy
                """, checks: ["memory"])
        let output = try puypuy.run(["once", "--send"])
        #expect(output.code == 1)
        #expect(output.errors.contains("the rest waits in the spool"))
        #expect(!output.errors.contains("interrupted"))
    }

    @Test func `once --send keeps to the retention`() throws {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                spool_retain_hours: 0
                [TSDB]
                tsdtype: Local
                """, checks: ["memory"])
        for _ in 0..<3 { #expect(try puypuy.run(["once", "--send"]).code == 0) }
        let output = try puypuy.run(["spool", "inspect"])
        #expect(output.text.contains("0 points in 0 batches"), "\(output.text)")
    }

    @Test func `check run shows rates with a second reading`() throws {
        let puypuy = try installation()
        let first = try puypuy.run(["check", "run", "cpustats"])
        #expect(first.code == 0, "\(first.errors)")
        #expect(!first.text.contains("cpu_load{"))
        #expect(first.errors.contains("--again"))
        let second = try puypuy.run(["check", "run", "cpustats", "--again", "0.5"])
        #expect(second.text.contains("cpu_load{"))
    }

    @Test func `check list tells what is on and what is off`() throws {
        let output = try installation().run(["check", "list"])
        #expect(output.code == 0)
        let lines = output.text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("memory ") && $0.contains("10s") })
        #expect(lines.contains { $0.hasPrefix("btrfs ") && $0.contains("off") })
    }

    @Test func `config check names every mistake with its line and the nearest key`() throws {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_second: 5
                durability: sometimes
                [TSDB]
                tsdtype: InfluxBD
                """)
        let output = try puypuy.run(["config", "check"])
        #expect(output.code == 2)
        #expect(output.text.contains("config.ini:2"))
        #expect(output.text.contains("check_period_seconds"))
        #expect(output.text.contains("config.ini:3"))
        #expect(output.text.contains("config.ini:5"))
        let daemon = try puypuy.run(["daemon"])
        #expect(daemon.code == 2)
    }

    @Test func `config show masks secrets`() throws {
        let puypuy = try installation(
            """
            [TSDB:influx]
            tsdtype: InfluxDB
            address: http://127.0.0.1:8086
            database: db
            user: somebody
            pass: hunter2hunter2
            """)
        let output = try puypuy.run(["config", "show"])
        #expect(output.code == 0, "\(output.errors)")
        #expect(output.text.contains("somebody"))
        #expect(!output.text.contains("hunter2"))
    }

    @Test(arguments: [
        (["nonsense"], "Unexpected argument"), (["spool", "replay"], "Missing expected argument"),
        (["spool", "replay", "--backend", "default"], "--since 24h"),
        (["spool", "replay", "--backend", "default", "--since", "soon"], "--since"),
        (["spool", "replay", "--backend", "nobody", "--since", "1h"], "no backend is called"),
        (["spool", "replay", "--backend", "default", "--since", "1h"], "keeps its points"),
        (["check", "run", "nothing"], "no check called"),
        (["daemon", "--config", "/nonexistent.ini"], "/nonexistent.ini"),
        (["spool", "inspect", "--points", "0"], "from 1 on"),
    ])
    func `wrong usage is exit code 2 and says what was expected`(
        arguments: [String], words: String
    ) throws {
        let output = try installation().run(arguments)
        #expect(output.code == 2, "\(output.errors)")
        #expect((output.errors + output.text).contains(words), "\(output.errors)")
    }

    @Test func `inspecting a spool that is not there says what to do`() throws {
        let output = try installation().run(["spool", "inspect"])
        #expect(output.code == 1)
        #expect(output.errors.contains("there is no spool"))
    }

    @Test func `help has examples on every command`() throws {
        let puypuy = try installation()
        for command in [
            [], ["start"], ["stop"], ["restart"], ["reload"], ["status"], ["top"],
            ["check", "enable"],
            ["check", "disable"], ["daemon"], ["once"], ["check", "list"], ["check", "run"],
            ["config", "check"],
            ["config", "show"], ["config", "reference"], ["spool", "inspect"], ["spool", "replay"],
            ["spool", "verify"], ["spool", "export"], ["spool", "query"],
            ["spool", "dead", "list"], ["spool", "dead", "retry"], ["spool", "dead", "discard"],
        ] {
            let output = try puypuy.run(command + ["--help"])
            #expect(output.code == 0)
            #expect(output.text.contains("EXAMPLES"), "\(command) has no examples")
        }
    }

    @Test func `inspect filters by metric and prints points`() throws {
        let puypuy = try installation()
        _ = try puypuy.run(["once", "--send"])
        let metrics = try puypuy.run(["spool", "inspect", "--metric", "sys_*"])
        #expect(metrics.text.contains("sys_load_1"))
        #expect(!metrics.text.contains("mem_total"))
        let points = try puypuy.run(["spool", "inspect", "--points", "3"])
        #expect(points.text.split(separator: "\n").count >= 4)
        let audit = try puypuy.run(["spool", "inspect", "--audit", "--json"])
        #expect(audit.text.contains("\"balances\":true"))
    }
}
