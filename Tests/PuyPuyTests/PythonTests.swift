import Foundation
import PuyPuyCore
import TestSupport
import Testing

/// The real program with Python modules: killed, hung and changed ones.
@Suite(.timeLimit(.minutes(10)))
struct PythonTests {
    private let configuration = """
        [SelfConfig]
        check_period_seconds: 1
        hostname: local.example
        [TSDB]
        tsdtype: Local
        """

    /// A counter that counts 1000 in a second, by the clock of the boot.
    private static let counting = """
        import os
        import time
        import lib.basecheck

        class Check(lib.basecheck.CheckBase):
            def precheck(self):
                counter = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
                rate = self.rate.record_value_rate('counted', counter, self.timestamp)
                delta = self.rate.record_value_delta('counted', counter)
                for name, value in (('count_rate', rate), ('count_delta', delta),
                                    ('count', counter), ('host_pid', os.getpid())):
                    self.local_vars.append(
                        {'name': name, 'timestamp': time.time(), 'value': value})
        """

    private func module(_ name: String, _ text: String, in puypuy: Installation) throws {
        try puypuy.directory.write("checks_enabled/check_\(name).py", text)
    }

    private func runs(_ name: String, _ puypuy: Installation) -> Int {
        (try? puypuy.inspect())?.check(name)?.runs ?? 0
    }

    private func hostPid(_ puypuy: Installation) throws -> pid_t {
        let last = try puypuy.inspect().metrics.first { $0.name == "host_pid" }?.lastValue
        return pid_t(try #require(last))
    }

    @Test func `rates are the true ones over kill -9 of the host and of the daemon`() throws {
        let puypuy = try Installation(configuration: configuration)
        try module("counting", Self.counting, in: puypuy)
        try puypuy.start()
        #expect(eventually { runs("counting", puypuy) >= 3 }, "\(puypuy.log)")
        for _ in 0..<2 {
            let host = try hostPid(puypuy)
            kill(host, SIGKILL)
            let before = runs("counting", puypuy)
            #expect(eventually { runs("counting", puypuy) >= before + 2 })
            #expect(try hostPid(puypuy) != host)
        }
        let host = try hostPid(puypuy)
        puypuy.kill()
        #expect(eventually { isGone(host) }, "the host outlives the daemon")
        let before = runs("counting", puypuy)
        try puypuy.start()
        #expect(eventually { runs("counting", puypuy) >= before + 3 })
        #expect(puypuy.stop() == 0)
        #expect(isGone(try hostPid(puypuy)))

        let points = try puypuy.collected()
        func values(_ metric: String) -> [Double] {
            points.first { $0.key.metric == metric }?.value.map(\.value) ?? []
        }
        let counts = values("count")
        let deltas = values("count_delta")
        // No point is missing but the first, and the deltas add up to what was counted.
        #expect(deltas.count == counts.count - 1)
        #expect(deltas.reduce(0, +) == counts.last! - counts[0])
        for rate in values("count_rate") { #expect(abs(rate - 1000) < 50, "\(rate)") }
        #expect(values("count_rate").count == deltas.count)
        #expect(try puypuy.inspect().check("counting")?.failures == 0)
        #expect(try puypuy.audit())
    }

    @Test func `a module that hangs every other run costs the others that moment alone`() throws {
        let patient = "\n[check_counting]\ntimeout: 20\n[check_exits]\ntimeout: 20\n"
        let puypuy = try Installation(configuration: configuration + patient)
        try module("counting", Self.counting, in: puypuy)
        try module(
            "hangs",
            """
            import os, time
            def runcheck():
                if os.path.exists('hung'):
                    os.unlink('hung')
                    return [{'name': 'after_hang', 'timestamp': time.time(), 'value': 1}]
                open('hung', 'w').close()
                time.sleep(1000)
            """, in: puypuy)
        try module("exits", "import os\ndef runcheck():\n    os._exit(1)\n", in: puypuy)
        try puypuy.start()
        #expect(
            eventually(within: .seconds(60)) {
                guard let now = try? puypuy.inspect() else { return false }
                return (now.check("hangs")?.failures ?? 0) >= 2
                    && (now.check("hangs")?.runs ?? 0) > (now.check("hangs")?.failures ?? 0)
                    && (now.check("exits")?.failures ?? 0) >= 3
                    && (now.check("counting")?.runs ?? 0) >= 4
            }, "\(puypuy.log)")
        let now = try puypuy.inspect()
        #expect(now.check("counting")?.failures == 0)
        #expect(now.metrics.contains { $0.name == "after_hang" })
        let problem = try #require(now.check("exits")?.lastProblem)
        #expect(problem.contains("os._exit(1)"), "\(problem)")
        let list = try puypuy.run(["check", "list"])
        #expect(list.text.contains("exits failed in its last run: the Python host ended"))
        let host = try hostPid(puypuy)
        #expect(puypuy.stop() == 0)
        #expect(isGone(host))
        #expect(try puypuy.audit())
    }

    @Test func `modules and programs come, change and go without a restart`() throws {
        let puypuy = try Installation(configuration: configuration, checks: ["memory"])
        try puypuy.start()
        #expect(eventually { runs("memory", puypuy) > 0 })
        let text = "def runcheck():\n    return [{'name': 'NAME', 'timestamp': 0, 'value': 1}]\n"
        try module("late", text.replacing("NAME", with: "late_one"), in: puypuy)
        try puypuy.directory.write(
            "checks_enabled/check_stays", "#!/bin/sh\necho stays value=$$\nexec sleep 1000\n",
            mode: 0o755)
        func has(_ metric: String) -> Bool {
            (try? puypuy.inspect())?.metrics.contains { $0.name == metric } ?? false
        }
        #expect(eventually { has("late_one") && has("stays") })
        try module("late", text.replacing("NAME", with: "late_two"), in: puypuy)
        #expect(eventually { has("late_two") })
        let last = try puypuy.inspect().metrics.first { $0.name == "stays" }?.lastValue
        let stays = pid_t(try #require(last))
        unlink(puypuy.path + "/checks_enabled/check_late.py")
        unlink(puypuy.path + "/checks_enabled/check_stays")
        #expect(eventually { isGone(stays) })
        #expect(eventually { puypuy.log.contains("removed=\"late stays\"") })
        let count = runs("late", puypuy)
        let memory = runs("memory", puypuy)
        #expect(eventually { runs("memory", puypuy) >= memory + 2 })
        #expect(runs("late", puypuy) == count)
        #expect(puypuy.stop() == 0)
    }

    @Test func `check run shows points, rates and what was printed, check new what works`() throws {
        let puypuy = try Installation(configuration: configuration)
        for (kind, file) in [
            ("python", "checks_enabled/check_mine.py"),
            ("script", "scripts_enabled/check_yours.sh"),
        ] {
            let name = kind == "python" ? "mine" : "yours"
            let made = try puypuy.run(["check", "new", kind, name])
            #expect(made.code == 0, "\(made.errors)")
            #expect(made.text.contains(file))
            let again = try puypuy.run(["check", "new", kind, name])
            #expect(again.code == 1)
            let run = try puypuy.run(["check", "run", name, "--again", "0.2s"])
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.text.contains("\(name)_switches"))
            #expect(run.errors.contains("slowest"))
        }
        try module(
            "talks", "def runcheck():\n    print('so far so good')\n    return []\n", in: puypuy)
        let talk = try puypuy.run(["check", "run", "talks"])
        #expect(talk.code == 0)
        #expect(talk.errors.contains("printed: so far so good"))
        try module("fails", "def runcheck():\n    return 1 / 0\n", in: puypuy)
        let fail = try puypuy.run(["check", "run", "fails"])
        #expect(fail.code == 1)
        #expect(fail.errors.contains("ZeroDivisionError"))
        #expect(fail.errors.contains("check_fails.py line 2 in runcheck"))
    }

    /// Whether a process has ended, be it that nobody has reaped it yet.
    private func isGone(_ pid: pid_t) -> Bool {
        let stat = readText("/proc/\(pid)/stat")
        return stat.isEmpty || stat.contains(") Z ")
    }
}
