import Glibc
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

/// What modules do to the host, and what it costs.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PythonFaultTests {
    private static let good =
        "def runcheck():\n    return [{'name': 'ok', 'timestamp': 0, 'value': 1}]\n"

    /// Runs a module that misbehaves, and then one that does not.
    private func bad(
        _ text: String, memoryMB: Int = 256, timeout: Duration = .seconds(20)
    ) async throws -> (run: Run, bench: ModuleBench) {
        let bench = try ModuleBench(memoryMB: memoryMB)
        let run = try await bench.run("bad", text, timeout: timeout)
        let next = try await bench.run("good", Self.good)
        #expect(next.end == .succeeded)
        #expect(next.points.value("ok") == .integer(1))
        return (run, bench)
    }

    @Test(arguments: [
        ("import nowhere\n", "ModuleNotFoundError: No module named 'nowhere' (check_bad.py line 1"),
        ("import urllib2\n", "it is a module of Python 2"),
        ("def runcheck(:\n", "SyntaxError in "),
        ("def run_bad():\n    print 'x'\n", "Python 2 syntax in "),
        ("try:\n    pass\nexcept IOError, e:\n    pass\n", "Python 2 syntax in "),
        ("x = 1\n", "has nothing to run: no class Check, no runcheck(), no run_bad()"),
        ("def runcheck():\n    return None\n", " returned None, not a list of points"),
        ("def runcheck():\n    return 7\n", " returned int, not a list of points"),
        (
            "def f():\n    return {}['k']\ndef runcheck():\n    return f()\n",
            "KeyError: 'k' (check_bad.py line 4 in runcheck > check_bad.py line 2 in f)"
        ),
        (
            "import sys\ndef runcheck():\n    sys.exit(2)\n",
            "called sys.exit(2) (check_bad.py line 3"
        ),
        ("def runcheck():\n    return runcheck()\n", "RecursionError"),
        ("import sys\nsys.exit()\n", "called sys.exit(None) (check_bad.py line 2"),
    ])
    func `an error costs the module's run and is named with its line`(
        text: String, words: String
    ) async throws {
        let (run, bench) = try await bad(text)
        let problem = try #require(run.end.problem)
        #expect(problem.contains(words), "\(problem)")
        #expect(problem.contains("check_bad.py"), "\(problem)")
        #expect(await bench.host.starts == 1)
    }

    @Test func `the traceback is in the log, without the host's own lines`() async throws {
        let (_, bench) = try await bad("def runcheck():\n    return 1 / 0\n")
        let line = try #require(bench.log.all.first { $0.hasPrefix("module problem") })
        #expect(line.contains("Traceback (most recent call last):"))
        #expect(line.contains("return 1 / 0"))
        #expect(!line.contains("<puypuy"))
    }

    @Test func `what was measured before an exception counts`() async throws {
        let (run, _) = try await bad(
            """
            import lib.basecheck
            class Check(lib.basecheck.CheckBase):
                def precheck(self):
                    self.local_vars.append({'name': 'before', 'timestamp': 0, 'value': 1})
                    raise ValueError('no more')
            """)
        #expect(run.points.value("before") == .integer(1))
        #expect(run.points.value("puypuy_check_success") == .integer(0))
    }

    @Test func `a hang ends the host, is told with its line, and what was put counts`() async throws
    {
        let (run, bench) = try await bad(
            """
            import time
            import lib.pushdata
            def run_bad():
                data = lib.pushdata.JonSon()
                data.gen_data('before', 0, 1)
                data.put_json()
                time.sleep(1000)
            """, timeout: .seconds(1))
        guard case .timedOut(let words) = run.end else {
            Issue.record("ended as \(run.end)")
            return
        }
        #expect(words.contains("the module hangs in "), "\(words)")
        #expect(words.contains("check_bad.py line 7 in run_bad"), "\(words)")
        #expect(run.points.value("before") == .integer(1))
        #expect(await bench.host.starts == 2)
    }

    @Test func `a hang that no signal of Python's would end is ended too`() async throws {
        let (run, _) = try await bad(
            """
            import signal
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGIO):
                signal.signal(number, signal.SIG_IGN)
            def runcheck():
                while True:
                    try:
                        while True:
                            pass
                    except BaseException:
                        pass
            """, timeout: .seconds(1))
        #expect(run.end.problem?.contains("the module hangs in ") == true, "\(run.end)")
    }

    @Test func `os._exit is told with its line, and what was put counts`() async throws {
        let (run, bench) = try await bad(
            """
            import os
            import lib.pushdata
            def run_bad():
                data = lib.pushdata.JonSon()
                data.gen_data('before', 0, 1)
                data.put_json()
                os._exit(3)
            """)
        let problem = try #require(run.end.problem)
        #expect(problem.contains("the module called os._exit(3)"), "\(problem)")
        #expect(problem.contains("check_bad.py line 7 in run_bad"), "\(problem)")
        #expect(run.points.value("before") == .integer(1))
        #expect(await bench.host.starts == 2)
    }

    @Test func `a crash is told with its signal`() async throws {
        let (run, _) = try await bad(
            "import os\ndef runcheck():\n    os.kill(os.getpid(), 11)\n")
        #expect(run.end.problem?.contains("killed by signal 11") == true, "\(run.end)")
    }

    @Test func `a module that kills its parent's group kills no more than the host`() async throws {
        let (run, bench) = try await bad(
            "import os\ndef runcheck():\n    os.killpg(os.getpgid(os.getppid()), 9)\n")
        #expect(run.end.problem?.contains("killed by signal 9") == true, "\(run.end)")
        #expect(await bench.host.starts == 2)
    }

    @Test func `a gigabyte of output is dropped but for its beginning`() async throws {
        let (run, bench) = try await bad(
            """
            import os
            def runcheck():
                print('the beginning')
                block = b'x' * (1 << 20)
                import sys
                sys.stdout.flush()
                for _ in range(1024):
                    rest = memoryview(block)
                    while rest:
                        rest = rest[os.write(1, rest):]
                return [{'name': 'after', 'timestamp': 0, 'value': 1}]
            """, timeout: .seconds(60))
        #expect(run.end == .succeeded)
        #expect(run.points.value("after") == .integer(1))
        #expect(bench.log.all.contains { $0.contains("text=the beginning") })
        #expect(bench.log.all.contains { $0.contains("bytes=1073741838") })
    }

    @Test func `output of C and of children does not touch the protocol`() async throws {
        let (run, bench) = try await bad(
            """
            import ctypes, os, subprocess, sys
            def runcheck():
                libc = ctypes.CDLL(None)
                libc.puts(b'from C')
                libc.fflush(None)
                subprocess.run(['sh', '-c', 'echo from a child; echo wrong >&2'])
                os.system('(echo from a shell >&3; echo more >&4) 2>/dev/null')
                sys.stderr.write('from Python')
                return [{'name': 'fine', 'timestamp': 0, 'value': 1}]
            """)
        #expect(run.end == .succeeded)
        #expect(run.points.value("fine") == .integer(1))
        for words in ["from C", "from a child", "wrong", "from Python"] {
            #expect(bench.log.all.contains { $0.contains("text=\(words)") }, "\(words)")
        }
    }

    @Test func `what a module leaves behind is ended and told`() async throws {
        let (run, bench) = try await bad(
            """
            import os, subprocess
            def runcheck():
                # One keeps the pipe, one leaves the group, one ignores signals.
                subprocess.Popen(['sleep', '1000'])
                child = subprocess.Popen(['sh', '-c', 'trap "" TERM HUP; sleep 1001 & echo $!; wait'],
                                         start_new_session=True, stdout=subprocess.PIPE)
                grandchild = int(child.stdout.readline())
                return [{'name': 'child', 'timestamp': 0, 'value': child.pid},
                        {'name': 'grandchild', 'timestamp': 0, 'value': grandchild}]
            """)
        #expect(run.end.problem?.contains("left the process ") == true, "\(run.end)")
        #expect(run.end.problem?.contains("sleep 1000") == true, "\(run.end)")
        for name in ["child", "grandchild"] {
            let pid = pid_t(try #require(run.points.value(name)).asDouble)
            #expect(isGone(pid))
        }
        #expect(await bench.host.starts == 1)
    }

    @Test func `children of a module that hangs are ended with it`() async throws {
        let (_, bench) = try await bad(
            """
            import subprocess, time
            def runcheck():
                child = subprocess.Popen(['sleep', '1000'], start_new_session=True)
                with open('child', 'w') as file:
                    file.write(str(child.pid))
                time.sleep(1000)
            """, timeout: .seconds(1))
        #expect(isGone(try #require(pid_t(try bench.root.read("child")))))
    }

    @Test func `a forked copy of the host does not answer in its place`() async throws {
        let (run, bench) = try await bad(
            """
            import os
            def runcheck():
                child = os.fork()
                if child == 0:
                    return [{'name': 'copy', 'timestamp': 0, 'value': 1}]
                os.waitpid(child, 0)
                return [{'name': 'original', 'timestamp': 0, 'value': 1}]
            """)
        #expect(run.points.value("original") == .integer(1))
        #expect(run.points.value("copy") == nil)
        #expect(await bench.host.starts == 1)
    }

    @Test func `threads that live on cost a restart of the host and are named`() async throws {
        let (run, bench) = try await bad(
            """
            import threading, time
            def work():
                time.sleep(1000)
            def runcheck():
                threading.Thread(target=work, name='worker', daemon=True).start()
                return [{'name': 'fine', 'timestamp': 0, 'value': 1}]
            """)
        let problem = try #require(run.end.problem)
        #expect(problem.contains("left 1 threads running: worker"), "\(problem)")
        #expect(problem.contains("check_bad.py line 3 in work"), "\(problem)")
        #expect(run.points.value("fine") == .integer(1))
        #expect(await bench.host.starts == 2)
    }

    @Test func `a changed directory and changed signal handlers are undone and told`() async throws
    {
        let (run, bench) = try await bad(
            """
            import os, signal
            def runcheck():
                os.chdir('/')
                signal.signal(signal.SIGALRM, lambda *words: None)
                signal.alarm(1000)
                return []
            """)
        let problem = try #require(run.end.problem)
        #expect(problem.contains("changed the directory to / ("), "\(problem)")
        #expect(problem.contains("check_bad.py line 3 in runcheck"), "\(problem)")
        #expect(problem.contains("changed the handling of SIGALRM ("), "\(problem)")
        let next = try await bench.run(
            "look",
            """
            import os, signal
            def runcheck():
                right = (os.getcwd() == os.path.dirname(__file__), signal.alarm(0) == 0,
                         signal.getsignal(signal.SIGALRM) == signal.SIG_DFL)
                return [{'name': 'right', 'timestamp': 0, 'value': sum(right)}]
            """)
        #expect(next.points.value("right") == .integer(3))
    }

    @Test func `memory over the limit ends the host with the line that took it`() async throws {
        let (run, bench) = try await bad(
            """
            def runcheck():
                hoard = []
                while True:
                    hoard.append(bytearray(1 << 20))
            """, memoryMB: 64)
        let problem = try #require(run.end.problem)
        #expect(problem.contains("memory over python_memory_mb"), "\(problem)")
        #expect(problem.contains("check_bad.py line 4 in runcheck"), "\(problem)")
        #expect(await bench.host.starts == 2)
    }

    @Test func `memory that is kept between runs ends the host after the run`() async throws {
        let (run, bench) = try await bad(
            """
            hoard = bytearray(100 << 20)
            def runcheck():
                return [{'name': 'fine', 'timestamp': 0, 'value': 1}]
            """, memoryMB: 64)
        #expect(run.end.problem?.contains("memory over python_memory_mb") == true, "\(run.end)")
        #expect(await bench.host.starts == 2)
    }

    @Test func `a host that is killed between runs costs nothing`() async throws {
        let bench = try ModuleBench()
        let text = """
            import os
            import lib.record_rate
            n = 0
            def runcheck():
                change = lib.record_rate.ValueRate().record_value_delta('n', os.stat('n').st_size)
                return [{'name': 'pid', 'timestamp': 0, 'value': os.getpid()},
                        {'name': 'change', 'timestamp': 0, 'value': change}]
            """
        try bench.root.write("n", "12345")
        let first = try await bench.run("counts", text)
        let pid = pid_t(try #require(first.points.value("pid")).asDouble)
        kill(pid, SIGKILL)
        #expect(isGone(pid))
        try bench.root.write("n", "12345678")
        let second = try await bench.run("counts", text)
        #expect(second.end == .succeeded)
        #expect(second.points.value("change") == .double(3))
    }

    @Test func `the start of the host is not the module's time`() async throws {
        let directory = try TemporaryDirectory()
        let slow = try directory.write(
            "slow", "#!/bin/sh\nsleep 1.2\nexec python3 \"$@\"\n", mode: 0o755)
        let bench = try ModuleBench { $0.interpreter = slow }
        let run = try await bench.run("good", Self.good, timeout: .seconds(1))
        #expect(run.end == .succeeded)
        #expect(run.points.value("ok") == .integer(1))
    }

    @Test(arguments: ["0, 3", "3, 100"])
    func `a module that closes descriptors costs no more than its run`(
        range: String
    ) async throws {
        let (run, bench) = try await bad(
            "import os\ndef runcheck():\n    os.closerange(\(range))\n    return []\n")
        #expect(run.end != .succeeded)
        #expect(run.points.value("puypuy_check_success") == .integer(0))
        #expect(await bench.host.starts == 2)
    }

    @Test func `without python the check says what to do`() async throws {
        let bench = try ModuleBench { $0.interpreter = "puypuy-no-such-python" }
        let run = try await bench.run("good", Self.good)
        let problem = try #require(run.end.problem)
        #expect(problem.contains("no such program"), "\(problem)")
        #expect(problem.contains("install python3"), "\(problem)")
    }

    @Test func `an interpreter that is too old is named`() async throws {
        let directory = try TemporaryDirectory()
        let old = try directory.write(
            "old", "#!/bin/sh\necho 'Python 3.6 is older than 3.9' >&2\nexit 1\n", mode: 0o755)
        let bench = try ModuleBench { $0.interpreter = old }
        let run = try await bench.run("good", Self.good)
        let problem = try #require(run.end.problem)
        #expect(problem.contains("exit status 1: Python 3.6 is older than 3.9"), "\(problem)")
    }

    @Test func `a module that is gone is no failure`() async throws {
        let bench = try ModuleBench()
        let run = try await bench.run("gone", at: bench.root.path + "/check_gone.py")
        #expect(run.end == .succeeded)
        #expect(await bench.host.starts == 0)
    }
}
