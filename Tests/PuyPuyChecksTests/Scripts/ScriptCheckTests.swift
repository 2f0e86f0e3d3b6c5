import Glibc
import Logging
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

@Suite(.timeLimit(.minutes(10)))
struct ScriptCheckTests {
    private let root: TemporaryDirectory

    init() throws { root = try TemporaryDirectory() }

    /// Runs a script with this text; returns what it measured and why it failed.
    private func run(
        _ text: String, name: String = "check_x.sh", mode: mode_t = 0o755, limit: Int = 33_554_432,
        timeout: Duration = .seconds(60), logger: Logger = Logger(label: "test")
    ) async throws -> Run {
        let path = try root.write(name, text, mode: mode)
        let check = ScriptCheck(path: path, outputLimitBytes: limit, logger: logger)
        let scheduled = ScheduledCheck(
            name: "x", check: check, interval: .seconds(60), timeout: timeout)
        let runs = try await Scheduler.collectOnce([scheduled], baseTags: ["host": "h"])
        return runs[0]
    }

    @Test(arguments: ["\\n", "\\r\\n", "\\n\\n \\t\\n"])
    func `lines count whatever ends them, the last one without an end too`(
        ending: String
    ) async throws {
        let run = try await run("#!/bin/sh\nprintf 'a 1 t stack\(ending)b 2.5 u gauge k=v'\n")
        #expect(run.end == .succeeded)
        #expect(run.refusals.isEmpty)
        let a = try #require(run.points.first)
        #expect(a.series == Series(metric: "a", tags: ["host": "h", "type": "t"]))
        #expect(a.value == .integer(1))
        #expect(run.points[1].series.tags == ["host": "h", "type": "u", "k": "v"])
        #expect(run.points[1].value == .double(2.5))
    }

    @Test func `a bad line is refused and counted while the others count`() async throws {
        let messages = LogLines()
        let run = try await run(
            "#!/bin/sh\necho a 1 t stack; echo b oops t stack; echo; echo c 3 t stack\n",
            logger: messages.logger)
        #expect(run.points.prefix(2).map(\.series.metric) == ["a", "c"])
        #expect(run.refusals == [Refusal(metric: "b", reason: .unreadable)])
        #expect(run.end == .succeeded)
        let refused = try #require(messages.all.first { $0.contains("script line refused") })
        #expect(refused.contains("line=2"))
        #expect(refused.contains("\"oops\" is not a number"))
    }

    @Test func `a nonzero exit is a failure that says why, and its lines count`() async throws {
        let run = try await run("#!/bin/sh\necho a 1\necho 'no such host' >&2\nexit 3\n")
        #expect(run.points.value("a") == .integer(1))
        #expect(run.points.value("puypuy_check_success") == .integer(0))
        #expect(run.end.problem?.contains("exit status 3: no such host") == true)
    }

    @Test func `a script that crashes is named with its signal`() async throws {
        let run = try await run("#!/bin/sh\necho a 1\nkill -SEGV $$\n")
        #expect(run.points.value("a") == .integer(1))
        #expect(run.end.problem?.contains("killed by signal 11 (Segmentation fault)") == true)
    }

    @Test func `endless output is cut and the lines until then count`() async throws {
        let run = try await run("#!/bin/sh\nwhile :; do echo a 12; done\n", limit: 1001)
        // 1001 bytes hold 200 whole lines of five; the rest is no line.
        #expect(run.points.count == 200 + 2)
        #expect(run.refusals.isEmpty)
        #expect(
            run.end.problem?.contains("killed because it printed more than 1001 bytes") == true)
    }

    @Test func `output with an end may be more than a mebibyte`() async throws {
        let run = try await run(
            "#!/usr/bin/awk -f\nBEGIN { for (n = 1; n <= 200000; n++) print \"m\", n }\n")
        #expect(run.end == .succeeded)
        #expect(run.points.count == 200_000 + 2)
        #expect(run.points[199_999].value == .integer(200_000))
    }

    @Test func `of output without an end no more than a mebibyte counts`() async throws {
        let run = try await run("#!/bin/sh\nexec yes m 1 t gauge\n")
        #expect(run.points.count == 1_048_576 / 12 + 2)
        #expect(run.end.problem?.contains("killed because it printed more than") == true)
    }

    @Test(arguments: ["bash", "perl", "sh", "python3"])
    func `any language does, without a final line feed`(language: String) async throws {
        let texts = [
            "bash": "#!/bin/bash\necho -n \"a $((2 + 3)) bash stack\"\n",
            "perl": "#!/usr/bin/perl\nuse strict;\nprint 'a ' . (2 + 3) . ' perl stack';\n",
            "sh": "#!/bin/sh\nprintf 'a 5 sh stack'\n",
            "python3": "#!/usr/bin/env python3\nprint('a', 2 + 3, 'python3', 'stack', end='')\n",
        ]
        let run = try await run(try #require(texts[language]))
        #expect(run.end == .succeeded)
        #expect(run.points.first?.value == .integer(5))
        #expect(run.points.first?.series.tags == ["host": "h", "type": "\(language)"])
    }

    @Test func `names and tags may be in any script, tabs keep words apart`() async throws {
        let run = try await run(
            "#!/bin/sh\nprintf '\\tgrößen\\t 3\\tläden  rate\\tort=Jerewan\\r\\n温度 21.5 t stack 場所=東京\\n'\n"
        )
        #expect(run.end == .succeeded)
        #expect(run.refusals.isEmpty)
        #expect(run.rateChanges.map(\.key) == ["x/größen{host=h,ort=Jerewan,type=läden}"])
        #expect(
            run.points.first?.series
                == Series(metric: "温度", tags: ["host": "h", "type": "t", "場所": "東京"]))
    }

    @Test func `endless errors neither block the script nor fill memory`() async throws {
        let run = try await run(
            "#!/bin/sh\ni=0\nwhile [ $i -lt 20000 ]; do echo wrong >&2; i=$((i+1)); done\necho a 1\n"
        )
        #expect(run.end == .succeeded)
        #expect(run.points.value("a") == .integer(1))
    }

    @Test func `a grandchild that holds the pipe is killed and not waited for`() async throws {
        let run = try await run(
            """
            #!/bin/sh
            echo a 1
            (trap '' TERM HUP; exec sleep 1000) &
            echo $! > \(root.path)/grandchild

            """)
        #expect(run.end == .succeeded)
        #expect(run.points.value("a") == .integer(1))
        let pid = try #require(pid_t(words(try root.read("grandchild"))[0]))
        #expect(isGone(pid))
    }

    @Test func `at the deadline the whole group is killed and its lines count`() async throws {
        let run = try await run(
            """
            #!/bin/sh
            trap '' TERM
            echo a 1
            (trap '' TERM; exec sleep 1000) &
            echo $! > \(root.path)/grandchild
            sleep 1000

            """, timeout: .seconds(2))
        guard case .timedOut(let words) = run.end else {
            Issue.record("ended as \(run.end)")
            return
        }
        #expect(words.hasPrefix("did not end within 2.0 seconds"))
        #expect(run.points.value("a") == .integer(1))
        let text = try root.read("grandchild")
        #expect(isGone(try #require(pid_t(text.filter(\.isNumber)))))
    }

    @Test func `a script that closes its output still ends by itself`() async throws {
        let run = try await run(
            "#!/bin/sh\necho a 1\nexec >&- 2>&-\nsleep 0.2\ntouch \(root.path)/done\n")
        #expect(run.end == .succeeded)
        #expect(try root.read("done") == "")
    }

    @Test func `a script has no input and a clean environment`() async throws {
        setenv("PUYPUY_TEST_SECRET", "s", 1)
        let run = try await run("#!/bin/sh\ncat\nenv | sort | cut -d= -f1 > \(root.path)/env\n")
        #expect(run.end == .succeeded)
        let names = Set(words(try root.read("env")))
        #expect(names.isSuperset(of: ["HOME", "LANG", "PATH", "TMPDIR"]))
        // A shell adds some of its own.
        #expect(
            names.subtracting(["HOME", "LANG", "PATH", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"])
                .isEmpty)
    }

    @Test func `a script leads a process group of its own`() async throws {
        let run = try await run(
            "#!/bin/sh\necho pid $$\necho group $(ps -o pgid= -p $$ || cut -d' ' -f5 /proc/$$/stat)\n"
        )
        let pid = run.points.value("pid")
        #expect(pid != nil)
        #expect(run.points.value("group") == pid)
    }

    @Test(arguments: [
        ("#!/nowhere/interpreter\n", "its interpreter /nowhere/interpreter is missing"),
        ("#!/bin/sh\r\necho a 1\r\n", "its first line ends in a carriage return"),
        ("#!/usr/bin/env puypuy-no-such-tool\n", "exit status 127 (command not found)"),
        ("\u{7f}ELF nonsense", "it has no first line that names an interpreter"),
    ])
    func `a script that cannot start says why`(text: String, words: String) async throws {
        let run = try await run(text)
        let problem = try #require(run.end.problem)
        #expect(problem.contains(words), "\(problem)")
    }

    @Test func `a script without the execute bit says why`() async throws {
        let run = try await run("#!/bin/sh\n", mode: 0o644)
        #expect(run.end.problem?.contains("it is not executable (chmod +x") == true, "\(run.end)")
    }

    @Test func `rates of a script need two runs`() async throws {
        let path = try root.write(
            "check_r.sh",
            """
            #!/bin/sh
            n=$(cat \(root.path)/n 2>/dev/null || echo 0)
            echo $((n + 50)) > \(root.path)/n
            echo r $n t rate
            echo d $n t delta

            """, mode: 0o755)
        let check = ScriptCheck(path: path, logger: Logger(label: "test"))
        let scheduled = ScheduledCheck(name: "r", check: check, interval: .seconds(60))
        let runs = try await Scheduler.collectOnce(
            [scheduled], baseTags: .none, twiceWithPause: .milliseconds(50))
        #expect(runs[0].points.value("d") == .double(50))
        #expect(try #require(runs[0].points.value("r")).asDouble > 0)
        #expect(runs[0].rateChanges.allSatisfy { $0.key.hasPrefix("r/") })
    }
}
