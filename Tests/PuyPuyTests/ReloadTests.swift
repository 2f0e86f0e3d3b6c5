import Glibc
import PuyPuyCore
import TestSupport
import Testing

/// Changes of the configuration that the real daemon takes over while it collects and delivers.
@Suite(.timeLimit(.minutes(10)))
struct ReloadTests {
    private static let start = """
        [SelfConfig]
        check_period_seconds: 1
        hostname: reload.example
        shutdown_seconds: 10

        """

    /// Fifty points a run, each with the number of the run as its value.
    private static let load = """
        #!/bin/sh
        cd "$(dirname "$0")/.." || exit 1
        echo x >>runs.$1
        count=$(wc -l <runs.$1)
        i=0
        while [ $i -lt 50 ]; do echo "load_$1 $count load gauge number=$i"; i=$((i + 1)); done

        """

    private func script(_ name: String) -> String {
        Self.load.replacing("$1", with: name)
    }

    private func openTSDB(_ name: String, _ server: OpenTSDBStandIn, _ more: String = "") -> String
    {
        "[TSDB:\(name)]\ntsdtype: OpenTSDB\naddress: \(server.url)\n\(more)\n"
    }

    /// Values by series and millisecond.
    private func content(_ points: [Series: [StoredPoint]]) -> [Series: [[Double]]] {
        points.mapValues { $0.map { [Double($0.timestampNs / 1_000_000), $0.value] } }
    }

    @Test func `backends, intervals, scripts and limits change under load, and no point is lost`()
        throws
    {
        let one = try OpenTSDBStandIn()
        let two = try OpenTSDBStandIn()
        let puypuy = try Installation(
            configuration: Self.start + openTSDB("one", one),
            checks: ["memory", "cpustats"], scripts: ["check_steady.sh": script("steady")])
        try puypuy.start()
        #expect(eventually { one.pointCount > 150 }, "\(puypuy.log)")

        // A configuration that cannot be used changes nothing.
        for text in ["[SelfConfig]\ncheck_period_second: 1\n", "not a configuration", ""] {
            try puypuy.directory.write("config.ini", text + "\n[TSDB]\ntsdtype: Nowhere\n")
            let refused = try puypuy.run(["reload"])
            #expect(refused.code == 1, "\(refused.text)")
            #expect(refused.errors.contains("the one before stays in effect"), "\(refused.errors)")
            #expect(refused.errors.contains("config.ini:"), "\(refused.errors)")
        }

        // Another backend, other bounds for the first one.
        try puypuy.directory.write(
            "config.ini",
            Self.start + "spool_retain_hours: 12\n"
                + openTSDB("one", one, "max_batch_points: 300") + openTSDB("two", two))
        try puypuy.directory.write("scripts_enabled/check_later.sh", script("later"), mode: 0o755)
        let added = try puypuy.run(["reload"])
        #expect(added.code == 0, "\(added.errors)")
        for word in [
            "backends added: two", "backends changed: one", "later", "limits of the spool",
        ] {
            #expect(added.text.contains(word), "\(word): \(added.text)")
        }
        #expect(
            eventually {
                two.points().keys.contains { $0.metric == "load_later" }
            }, "\(puypuy.log)")

        // The first one goes while it takes points, and the period changes.
        try puypuy.directory.write(
            "config.ini",
            Self.start.replacing("check_period_seconds: 1", with: "check_period_seconds: 0.5")
                + openTSDB("two", two))
        let removed = try puypuy.run(["reload"])
        #expect(removed.code == 0, "\(removed.errors)")
        #expect(removed.text.contains("backends removed: one"), "\(removed.text)")
        #expect(removed.text.contains("checks changed:"), "\(removed.text)")
        let runs = try #require(try puypuy.inspect().check("steady")?.runs)
        #expect(
            eventually {
                ((try? puypuy.inspect().check("steady")?.runs) ?? 0) > runs + 4
            }, "\(puypuy.log)")

        // And it comes back: what was pending for it, and what comes from then on, is its.
        try puypuy.directory.write(
            "config.ini", Self.start + openTSDB("one", one) + openTSDB("two", two))
        let count = one.pointCount
        #expect(try puypuy.run(["reload"]).code == 0)
        #expect(eventually { one.pointCount > count + 200 }, "\(puypuy.log)")

        #expect(puypuy.stop() == 0, "\(puypuy.log)")
        #expect(try puypuy.audit())
        let books = try puypuy.inspect()
        for (name, server) in [("one", one), ("two", two)] {
            let backend = try #require(books.backend(name))
            #expect(backend.pending == 0 && backend.dead == 0 && backend.expired == 0)
            #expect(backend.delivered == backend.collected)
            #expect(server.pointCount == backend.collected, "\(name)")
        }
        // The second one has all since it came; each run of the scripts is in the spool whole.
        let all = content(try puypuy.collected())
        for (series, points) in content(two.points()) {
            let own = try #require(all[series])
            #expect(points == Array(own.suffix(points.count)), "\(series)")
        }
        for name in ["steady", "later"] {
            let finished = try #require(books.check(name))
            #expect(finished.failures == 0)
            let written = readText(puypuy.path + "/runs.\(name)").split(separator: "\n").count
            #expect(finished.runs == written)
            for (series, points) in all where series.metric == "load_\(name)" {
                #expect(points.map { Int($0[1]) } == Array(1...written), "\(series)")
            }
        }
    }

    @Test func `a check that stays as it is goes on undisturbed through SIGHUPs`() throws {
        let puypuy = try Installation(
            configuration: Self.start + "[TSDB]\ntsdtype: Local\n",
            scripts: ["check_steady.sh": script("steady")])
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().check("steady")?.runs) ?? 0 > 1 })
        for _ in 0..<20 { kill(puypuy.daemonPid, SIGHUP) }
        #expect(eventually { puypuy.log.contains("is reloaded") }, "\(puypuy.log)")
        let runs = try #require(try puypuy.inspect().check("steady")?.runs)
        #expect(eventually { (try? puypuy.inspect().check("steady")?.runs) ?? 0 > runs + 2 })
        // The last run that a restarted check would have begun at once stands between two seconds.
        let ticks = try puypuy.collected().values.flatMap { $0.dropFirst().map(\.timestampNs) }
        #expect(!ticks.isEmpty && ticks.allSatisfy { $0.isMultiple(of: 1_000_000_000) })

        try puypuy.directory.write("config.ini", "[SelfConfig]\ndurability: sometimes\n")
        kill(puypuy.daemonPid, SIGHUP)
        #expect(eventually { puypuy.log.contains("not reloaded") }, "\(puypuy.log)")
        #expect(puypuy.log.contains("config.ini:2"), "\(puypuy.log)")
        #expect(puypuy.isRunning && puypuy.stop() == 0)
    }

    @Test func `tags, the log, the pid file and the web server change, and what cannot is named`()
        throws
    {
        let port = try LoopbackClient.freePort()
        let puypuy = try Installation(
            configuration: Self.start + "[TSDB]\ntsdtype: Local\n", checks: ["memory"])
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 })
        try puypuy.directory.write(
            "config.ini",
            """
            [SelfConfig]
            check_period_seconds: 1
            hostname: other.example
            log_file: var/other.log
            log_level: debug
            pid_file: var/other.pid
            spool_path: elsewhere/other.db
            shutdown_seconds: 11
            [TSDB]
            tsdtype: Local
            [WebServer]
            webserver: yes
            webaddress: 127.0.0.1:\(port)
            """)
        // The configuration names another spool, so the daemon is not found by it.
        let lost = try puypuy.run(["reload"])
        #expect(lost.code == 1 && lost.errors.contains("no daemon"), "\(lost.errors)")
        kill(puypuy.daemonPid, SIGHUP)
        let log = puypuy.path + "/var/other.log"
        #expect(eventually { readText(log).contains("is reloaded") }, "\(puypuy.log)")
        #expect(
            readText(log).contains(#"needs_restart="spool_path shutdown_seconds""#),
            "\(readText(log))")
        #expect(readText(puypuy.path + "/var/other.pid") == "\(puypuy.daemonPid)\n")
        #expect(access(puypuy.path + "/var/puypuy.pid", F_OK) != 0)
        let health = eventually {
            (try? LoopbackRequest("GET", "/healthz", port: port))?.status == 200
        }
        #expect(health, "\(readText(log))")

        let start = try puypuy.directory.read("config.ini")
        let other = try LoopbackClient.freePort()
        try puypuy.directory.write(
            "config.ini",
            start.replacing("elsewhere/other.db", with: "var/spool.db")
                .replacing("shutdown_seconds: 11", with: "shutdown_seconds: 10")
                .replacing(":\(port)", with: ":\(other)"))
        let reload = try puypuy.run(["reload"])
        #expect(reload.code == 0 && !reload.text.contains("restart"), "\(reload.text)")
        #expect(
            eventually { (try? LoopbackRequest("GET", "/healthz", port: other))?.status == 200 },
            "\(readText(log))")
        #expect((try? LoopbackRequest("GET", "/healthz", port: port))?.status != 200)
        #expect(
            eventually {
                (try? puypuy.collected().keys.contains { "\($0.tags)".contains("other.example") })
                    ?? false
            })
        #expect(puypuy.stop() == 0)
        #expect(access(puypuy.path + "/var/other.pid", F_OK) != 0)
        #expect(try puypuy.audit())
    }

    @Test func `a reload says when the web server cannot listen where it is told to`() throws {
        let port = try LoopbackClient.freePort()
        let other = try LoopbackListener()
        func configuration(_ web: String) -> String {
            Self.start + "[TSDB]\ntsdtype: Local\n[WebServer]\n\(web)\n"
        }
        let puypuy = try Installation(
            configuration: configuration("webserver: no"), checks: ["memory"])
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 }, "\(puypuy.log)")
        for (web, problem) in [
            ("webserver: yes\nwebaddress: 127.0.0.1:\(port)", false),
            ("webserver: yes\nwebaddress: 127.0.0.1:\(other.port)", true), ("webserver: no", false),
        ] {
            try puypuy.directory.write("config.ini", configuration(web))
            let reload = try puypuy.run(["reload"])
            #expect(reload.code == 0 && reload.text.hasPrefix("reloaded\n"), "\(reload.text)")
            #expect(reload.text.contains("the web server: "), "\(reload.text)")
            #expect(
                reload.errors.contains(
                    "127.0.0.1:\(other.port) cannot listen: address already in use")
                    == problem, "\(reload.errors)")
            let answer = try? LoopbackRequest("GET", "/healthz", port: port)
            // At once: the reload has waited for it.
            #expect((answer?.status == 200) == web.hasSuffix(":\(port)"))
        }
        #expect(puypuy.stop() == 0)
    }

    @Test func `checks are enabled and disabled while the daemon runs`() throws {
        let puypuy = try Installation(
            configuration: Self.start + "[TSDB]\ntsdtype: Local\n", checks: ["memory"])
        #expect(try puypuy.run(["check", "enable", "memory"]).text.contains("already"))
        let early = try puypuy.run(["check", "enable", "cpustats"])
        #expect(early.code == 0 && early.text.contains("no daemon runs"), "\(early.text)")
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().check("cpustats")) != nil })

        let enabled = try puypuy.run(["check", "enable", "load_average"])
        #expect(enabled.code == 0, "\(enabled.errors)")
        #expect(enabled.text.contains("checks added: load_average"), "\(enabled.text)")
        #expect(eventually { (try? puypuy.inspect().check("load_average")) != nil })

        // One with settings keeps them.
        try puypuy.directory.write("checks_enabled/check_cpustats.ini", "interval: 1\n")
        let disabled = try puypuy.run(["check", "disable", "cpustats"])
        #expect(disabled.text.contains("checks removed: cpustats"), "\(disabled.text)")
        #expect(
            readText(puypuy.path + "/checks_enabled/check_cpustats.ini.disabled")
                == "interval: 1\n")
        let status = try puypuy.run(["status"])
        #expect(status.text.contains("2 enabled"), "\(status.text)")
        #expect(try puypuy.run(["check", "enable", "cpustats"]).code == 0)
        #expect(readText(puypuy.path + "/checks_enabled/check_cpustats.ini") == "interval: 1\n")

        let unknown = try puypuy.run(["check", "enable", "memroy"])
        #expect(unknown.code == 2 && unknown.errors.contains("did you mean memory"))
        #expect(puypuy.stop() == 0)
    }

    @Test func `a script that comes and goes needs no reload`() throws {
        let puypuy = try Installation(
            configuration: Self.start + "[TSDB]\ntsdtype: Local\n", checks: ["memory"])
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 })
        try puypuy.directory.write("scripts_enabled/check_new.sh", script("new"), mode: 0o755)
        #expect(
            eventually { (try? puypuy.inspect().check("new")) != nil },
            "\(puypuy.log)")
        #expect(unlink(puypuy.path + "/scripts_enabled/check_new.sh") == 0)
        #expect(
            eventually { puypuy.log.contains("removed=new") },
            "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
    }
}
