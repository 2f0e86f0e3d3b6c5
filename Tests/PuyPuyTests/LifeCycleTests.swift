import Glibc
import TestSupport
import Testing

/// start, stop, restart and status of the real program, as an operator types them.
@Suite(.timeLimit(.minutes(10)))
struct LifeCycleTests {
    private func installation(_ more: String = "", checks: [String] = ["memory"]) throws
        -> Installation
    {
        try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 1
                hostname: life.example
                \(more)
                [TSDB]
                tsdtype: Local
                """, checks: checks)
    }

    private func pid(_ puypuy: Installation) throws -> pid_t {
        let text = readText(puypuy.path + "/var/puypuy.pid")
        return try #require(pid_t(text.filter(\.isNumber)))
    }

    @Test func `a daemon is started, shown, restarted and stopped`() throws {
        let puypuy = try installation()
        let down = try puypuy.run(["status"])
        #expect(down.code == 3)
        #expect(down.text.contains("puypuy start"), "\(down.text)")

        let start = try puypuy.run(["start"])
        #expect(start.code == 0, "\(start.errors)")
        let first = try pid(puypuy)
        let leash = try Leash(first)
        #expect(start.text.contains("process \(first)"), "\(start.text)")
        #expect(start.text.contains("var/puypuy.log"), "\(start.text)")
        // A session of its own, in /, with no terminal and the log as its output.
        #expect(getsid(first) == first)
        #expect(try link("/proc/\(first)/cwd") == "/")
        #expect(try link("/proc/\(first)/fd/0") == "/dev/null")
        #expect(try link("/proc/\(first)/fd/2").hasSuffix("/var/puypuy.log"))

        #expect(eventually { (try? puypuy.run(["status"]).code) == 0 })
        let status = try puypuy.run(["status"])
        #expect(status.text.contains("healthy") && status.text.contains("process \(first)"))
        #expect(status.text.contains("1 enabled, all good"), "\(status.text)")
        #expect(status.text.contains(/\npoints  [1-9][0-9,]* collected\n/), "\(status.text)")
        let json = try puypuy.run(["status", "--json"])
        #expect(json.text.contains(/"collected_points":[1-9]/), "\(json.text)")
        #expect(json.text.contains(/"delivered":[0-9]/), "\(json.text)")

        let again = try puypuy.run(["start"])
        #expect(again.code == 0)
        #expect(again.text.contains("runs already, process \(first)"), "\(again.text)")

        let restart = try puypuy.run(["restart"])
        #expect(restart.code == 0, "\(restart.errors)")
        let second = try pid(puypuy)
        let otherLeash = try Leash(second)
        #expect(second != first && kill(first, 0) != 0)

        let stop = try puypuy.run(["stop"])
        #expect(stop.code == 0, "\(stop.errors)")
        #expect(stop.text.contains("stopped, process \(second)"), "\(stop.text)")
        #expect(access(puypuy.path + "/var/puypuy.pid", F_OK) != 0)
        #expect(try puypuy.run(["stop"]).text.contains("no daemon runs"))
        #expect(try puypuy.run(["status"]).code == 3)
        #expect(try puypuy.audit())
        withExtendedLifetime((leash, otherLeash)) {}
    }

    @Test
    func `a pid file that a killed daemon left is recognised, and so is one of another program`()
        throws
    {
        let puypuy = try installation()
        try puypuy.start()
        #expect(
            eventually { readText(puypuy.path + "/var/puypuy.pid") == "\(puypuy.daemonPid)\n" })
        puypuy.kill()
        let stopped = try puypuy.run(["stop"])
        #expect(stopped.code == 0)
        #expect(stopped.text.contains("is gone"), "\(stopped.text)")
        #expect(try puypuy.run(["status"]).text.contains("stale"))

        // This process is no daemon, and must not be taken for one.
        try puypuy.directory.write("var/puypuy.pid", "\(getpid())\n")
        #expect(try puypuy.run(["status"]).text.contains("is another program"))
        #expect(try puypuy.run(["stop"]).code == 0)
        let start = try puypuy.run(["start"])
        #expect(start.code == 0, "\(start.errors)")
        let leash = try Leash(try pid(puypuy))
        #expect(start.errors.contains("is another program; it is replaced"), "\(start.errors)")
        #expect(try puypuy.run(["stop"]).code == 0)
        withExtendedLifetime(leash) {}
    }

    @Test func `start says why the daemon does not start`() throws {
        let wrong = try installation("durability: sometimes")
        let refused = try wrong.run(["start"])
        #expect(refused.code == 2)
        #expect(refused.errors.contains("config.ini:4"), "\(refused.errors)")

        // Nobody, not even root, makes a folder there.
        let puypuy = try installation("pid_file: /proc/puypuy/file.pid\nlog_file: log/daemon.log")
        let failed = try puypuy.run(["start"])
        #expect(failed.code == 1)
        #expect(failed.errors.contains("cannot write pid_file"), "\(failed.errors)")
        #expect(try puypuy.run(["status"]).code == 3)
    }

    @Test func `a configuration with a mistake keeps restart from stopping the daemon`() throws {
        let puypuy = try installation()
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 })
        try puypuy.directory.write("config.ini", "[SelfConfig]\nspool_paht: x\n")
        #expect(try puypuy.run(["restart"]).code == 2)
        #expect(puypuy.isRunning)
        // It is found and stopped all the same.
        let stop = try puypuy.run(["stop"])
        #expect(stop.code == 0, "\(stop.errors)")
        #expect(stop.errors.contains("config check"))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `the end is silent, with connections that are open and requests under way`(
        _ signal: Int32
    ) throws {
        let puypuy = try installation()
        // With it, what SwiftNIO would complain about ends the process.
        puypuy.wrapper = ["/usr/bin/env", "SWIFTNIO_STRICT=1"]
        for round in 0..<6 {
            let port = try LoopbackClient.freePort()
            try puypuy.directory.write(
                "config.ini",
                "[TSDB]\ntsdtype: Local\n[WebServer]\nwebserver: yes\nwebaddress: 127.0.0.1:\(port)\n"
            )
            try puypuy.start()
            #expect(eventually { puypuy.log.contains("webaddress=127.0.0.1:\(port)") })
            // Nobody is there in every other round.
            let idle =
                try round.isMultiple(of: 2)
                ? [] : (0..<3).map { _ in try LoopbackClient(port: port) }
            for client in idle {
                client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            }
            for client in idle.dropFirst() {
                client.send("GET /api/v1/status HTTP/1.1\r\nHost: a\r\n\r\nGET /metr")
            }
            #expect(kill(puypuy.daemonPid, signal) == 0)
            #expect(eventually { !puypuy.isRunning })
            #expect(puypuy.stop() == 0, "\(puypuy.log)")
            #expect(!puypuy.log.contains("EventLoop"), "\(puypuy.log)")
            withExtendedLifetime(idle) {}
        }
    }

    @Test func `status is degraded while a check fails, and healthy when it works again`() throws {
        let script =
            "#!/bin/sh\n[ -e \"$(dirname \"$0\")/../broken\" ] && { echo no luck >&2; exit 1; }"
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 1
                [TSDB]
                tsdtype: Local
                """, checks: ["memory"],
            scripts: ["check_luck.sh": script + "\necho 'luck 1 luck gauge'\n"])
        try puypuy.start()
        #expect(eventually { (try? puypuy.run(["status"]).code) == 0 }, "\(puypuy.log)")
        try puypuy.directory.write("broken", "")
        #expect(eventually { (try? puypuy.run(["status"]).code) == 1 })
        let status = try puypuy.run(["status"])
        #expect(status.text.contains("check luck failed"), "\(status.text)")
        let json = try puypuy.run(["status", "--json"])
        #expect(json.code == 1)
        #expect(json.text.contains(#""state":"degraded""#), "\(json.text)")
        #expect(unlink(puypuy.path + "/broken") == 0)
        #expect(eventually { (try? puypuy.run(["status"]).code) == 0 })
        #expect(puypuy.stop() == 0)
    }

    @Test func `status names a backend that takes nothing, and what to do`() throws {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 1
                shutdown_seconds: 2
                [TSDB:away]
                tsdtype: InfluxDB
                address: http://127.0.0.1:1
                database: db
                """, checks: ["memory"])
        try puypuy.start()
        #expect(
            eventually {
                guard let status = try? puypuy.run(["status"]) else { return false }
                return status.code == 1 && status.text.contains("backend away is backing off")
            }, "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
    }

    @Test func `a daemon that does not answer is degraded, not down`() throws {
        let puypuy = try installation()
        try puypuy.start()
        #expect(eventually { (try? puypuy.run(["status"]).code) == 0 })
        kill(puypuy.daemonPid, SIGSTOP)
        let status = try puypuy.run(["status"])
        kill(puypuy.daemonPid, SIGCONT)
        #expect(status.code == 1)
        #expect(status.text.contains("gives no answer"), "\(status.text)")
        #expect(puypuy.stop() == 0)
    }

    @Test func `a SIGTERM or SIGHUP in the middle of a start is not lost`() throws {
        let puypuy = try installation()
        try puypuy.start()
        // The pid file is there before anybody listens to signals.
        #expect(eventually { access(puypuy.path + "/var/puypuy.pid", F_OK) == 0 })
        kill(puypuy.daemonPid, SIGHUP)
        #expect(eventually { puypuy.log.contains("is reloaded") }, "\(puypuy.log)")
        #expect(puypuy.stop() == 0)
        try puypuy.start()
        #expect(eventually { access(puypuy.path + "/var/puypuy.pid", F_OK) == 0 })
        #expect(puypuy.stop() == 0, "\(puypuy.log)")
        #expect(access(puypuy.path + "/var/puypuy.pid", F_OK) != 0)
    }

    private func link(_ path: String) throws -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &bytes, bytes.count)
        try #require(count > 0)
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
