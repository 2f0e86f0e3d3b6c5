import Foundation
import TestSupport
import Testing

/// The real program, without a database.
@Suite(.timeLimit(.minutes(10)))
struct DaemonTests {
    private func local(period: Int = 1, _ more: String = "") -> String {
        """
        [SelfConfig]
        check_period_seconds: \(period)
        cluster_name: test
        hostname: local.example
        \(more)
        [TSDB]
        tsdtype: Local
        """
    }

    @Test func `the shipped configuration has this host's metrics in the spool within 15 seconds`()
        throws
    {
        let puypuy = try Installation.shipped()
        try puypuy.start()
        let isThere = eventually {
            (try? puypuy.inspect().metrics.contains { $0.name == "cpu_load" }) ?? false
        }
        #expect(isThere, "\(puypuy.log)")
        let output = try puypuy.run(["spool", "inspect"])
        for word in ["default", "cpustats", "memory", "cpu_load", "mem_total", "sys_load_1"] {
            #expect(output.text.contains(word), "\(word) is missing")
        }
        for line in output.text.split(separator: "\n") where !line.hasPrefix("spool ") {
            #expect(line.count <= 80, "\(line)")
        }
        #expect(puypuy.stop() == 0)
        #expect(!puypuy.log.contains("warning") && !puypuy.log.contains("error"), "\(puypuy.log)")
        #expect(try puypuy.audit())
    }

    @Test func `the folder of pid_file is made when it is missing`() throws {
        let puypuy = try Installation(
            configuration: local(period: 1, "pid_file: run/puypuy.pid"), checks: ["memory"])
        try puypuy.start()
        #expect(eventually { readText(puypuy.path + "/run/puypuy.pid") == "\(puypuy.daemonPid)\n" })
    }

    @Test func `values agree with an independent reading of proc`() throws {
        let puypuy = try Installation(configuration: local(), checks: ["memory", "load_average"])
        try puypuy.start()
        #expect(
            eventually {
                (try? puypuy.inspect().metrics.contains { $0.name == "mem_total" }) ?? false
            })
        let metrics = try puypuy.inspect().metrics
        let total = readText("/proc/meminfo").split(separator: "\n")
            .first { $0.hasPrefix("MemTotal:") }?.split(separator: " ")[1]
        let kib = try #require(total.flatMap { Double($0) })
        #expect(metrics.first { $0.name == "mem_total" }?.lastValue == kib * 1024)
        let load = try #require(Double(readText("/proc/loadavg").split(separator: " ")[2]))
        let seen = try #require(metrics.first { $0.name == "sys_load_15" }?.lastValue)
        #expect(abs(seen - load) < 0.5)
    }

    @Test func `a check that hangs and one that crashes cost only their own runs`() throws {
        let puypuy = try Installation(
            configuration: local(), checks: ["memory"],
            scripts: [
                "check_hangs.sh":
                    "#!/bin/sh\necho 'before_hang 1 test gauge'\nsleep 1000 &\nwait\n",
                "check_crashes.sh": "#!/bin/sh\necho 'before_crash 1 test gauge'\nkill -SEGV $$\n",
                "check_good.sh": "#!/bin/sh\necho 'good 1 test gauge'\n",
                "check_many.sh": "#!/bin/sh\nyes 'many 1 test gauge'\n",
            ])
        try puypuy.start()
        #expect(
            eventually {
                guard let now = try? puypuy.inspect() else { return false }
                return (now.check("hangs")?.failures ?? 0) >= 2
                    && (now.check("crashes")?.failures ?? 0) >= 2
                    && (now.check("many")?.failures ?? 0) >= 2
                    && (now.check("good")?.runs ?? 0) >= 4
            }, "\(puypuy.log)")
        let now = try puypuy.inspect()
        #expect(now.check("good")?.failures == 0)
        #expect(now.check("memory")?.failures == 0)
        #expect(now.metrics.contains { $0.name == "before_crash" })
        #expect(now.check("hangs")?.lastProblem != nil)
        #expect(puypuy.stop() == 0)
        // No child of the scripts is left over.
        let left = try puypuy.run(["--version"])
        #expect(left.code == 0)
        #expect(!processes().contains { $0.contains(puypuy.path) })
        #expect(try puypuy.audit())
    }

    @Test func `a second daemon on the same spool is refused and told who has it`() throws {
        let puypuy = try Installation(configuration: local(), checks: ["memory"])
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 })
        let second = try puypuy.run(["daemon"])
        #expect(second.code == 1)
        #expect(second.errors.contains("process \(puypuy.daemonPid) is using this spool"))
        #expect(puypuy.isRunning)
        #expect(puypuy.stop() == 0)
    }

    @Test func `SIGTERM ends in time while a script hangs and a backend is down`() throws {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 5
                shutdown_seconds: 4
                [TSDB]
                tsdtype: InfluxDB
                address: http://127.0.0.1:1
                database: db
                """,
            checks: ["memory"], scripts: ["check_hangs.sh": "#!/bin/sh\nsleep 1000\n"])
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 }, "\(puypuy.log)")
        #expect(puypuy.stop() == 0, "\(puypuy.log)")
        #expect(try puypuy.audit())
    }

    @Test func `files of the daemon are not for others, and the pid file goes with it`() throws {
        let puypuy = try Installation(
            configuration: local(period: 1, "log_file: var/puypuy.log"), checks: ["memory"])
        umask(0)
        try puypuy.start()
        #expect(eventually { (try? puypuy.inspect().points) ?? 0 > 0 })
        for name in ["spool.db", "spool.db-wal", "spool.lock", "puypuy.log", "puypuy.pid"] {
            var status = stat()
            #expect(stat(puypuy.path + "/var/" + name, &status) == 0, "\(name) is missing")
            #expect(status.st_mode & 0o007 == 0, "\(name) is open to others")
        }
        let pid = readText(puypuy.path + "/var/puypuy.pid")
        #expect(pid.contains("\(puypuy.daemonPid)"))
        #expect(puypuy.stop() == 0)
        #expect(access(puypuy.path + "/var/puypuy.pid", F_OK) != 0)
        #expect(!puypuy.log.contains("every user"))

        #expect(chmod(puypuy.path + "/var/spool.db", 0o644) == 0)
        try puypuy.start()
        #expect(
            eventually {
                readText(puypuy.path + "/var/puypuy.log").contains("every user of the host")
            })
        #expect(puypuy.stop() == 0)
    }

    private func processes() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int($0) != nil }.map { readText("/proc/\($0)/cmdline") }
    }
}
