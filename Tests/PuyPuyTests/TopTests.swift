import Glibc
import TestSupport
import Testing

/// `puypuy top` on a terminal of its own, which a driver in Python holds.
@Suite(.timeLimit(.minutes(10)))
struct TopTests {
    /// Runs the program on a terminal of 100 columns and 30 rows, sends what its first argument says,
    /// and prints what came and how it ended.
    private static let driver = #"""
        import fcntl, os, pty, select, signal, struct, sys, termios, time

        def resize(columns, rows):
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

        def read(enough):
            text, end = b"", time.time() + 30
            while not enough(text) and time.time() < end:
                if select.select([master], [], [], 0.1)[0]:
                    try:
                        part = os.read(master, 65536)
                    except OSError:
                        break
                    if not part:
                        break
                    text += part
            return text

        action, command = sys.argv[1], sys.argv[2:]
        # The slave stays open here, so that its mode can be looked at after the end.
        master, slave = pty.openpty()
        resize(100, 30)
        before = termios.tcgetattr(slave)
        child = os.fork()
        if child == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in range(3):
                os.dup2(slave, descriptor)
            os.environ["TERM"] = "xterm"
            os.execv(command[0], command)
        first = read(lambda text: b"q quits" in text)
        drawn = termios.tcgetattr(slave)
        second = b""
        if action == "resize":
            resize(60, 12)
            second = read(lambda text: b"q quits" in text)
            os.write(master, b"q")
        elif action == "stop":
            os.write(master, b"\x1a")
            os.waitpid(child, os.WUNTRACED)
            stopped = termios.tcgetattr(slave)
            print("stopped-as-before", stopped == before)
            os.kill(child, signal.SIGCONT)
            second = read(lambda text: b"q quits" in text)
            os.write(master, b"q")
        elif action.startswith("signal-"):
            os.kill(child, getattr(signal, action[7:]))
        else:
            os.write(master, b"\x03" if action == "ctrl-c" else b"q")
        status = os.waitpid(child, 0)[1]
        last = read(lambda text: b"\x1b[?1049l" in text)
        print("raw-while-drawn", drawn[3] & (termios.ECHO | termios.ICANON) == 0)
        print("as-before", termios.tcgetattr(slave) == before)
        print("left-screen", last.endswith(b"\x1b[?1049l"))
        print("ended", os.waitstatus_to_exitcode(status))
        print("first", first.decode(errors="replace").replace("\n", "|"))
        print("second", second.decode(errors="replace").replace("\n", "|"))
        """#

    private func top(_ action: String, colour: Bool = true) throws -> [String: String] {
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 1
                hostname: top.example
                [TSDB]
                tsdtype: Local
                """, checks: ["memory", "cpustats", "load_average", "disks", "tcpconn"])
        try puypuy.start()
        #expect(eventually { (try? puypuy.run(["status"]).code) == 0 }, "\(puypuy.log)")
        try puypuy.directory.write("driver.py", Self.driver)
        let child = try ChildProcess(
            "/usr/bin/env",
            (colour ? ["-u", "NO_COLOR"] : ["NO_COLOR=1"]) + [
                "python3", puypuy.path + "/driver.py", action, Installation.program, "top",
                "--config", puypuy.path + "/config.ini", "--interval", "0.5",
            ], log: puypuy.path + "/top.out")
        #expect(child.waitForEnd(within: .seconds(90)))
        #expect(puypuy.stop() == 0)
        var found: [String: String] = [:]
        for line in readText(puypuy.path + "/top.out").split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            found[String(words[0])] = words.count > 1 ? String(words[1]) : ""
        }
        return found
    }

    private func expectRestored(_ found: [String: String]) {
        #expect(found["raw-while-drawn"] == "True", "\(found)")
        #expect(found["as-before"] == "True", "\(found)")
        #expect(found["left-screen"] == "True", "\(found)")
    }

    @Test func `it shows the host, and q gives the terminal back`() throws {
        let found = try top("q")
        expectRestored(found)
        #expect(found["ended"] == "0")
        for word in ["healthy", "top.example", "cpustats", "memory", "delivered/s", "\u{1B}[32m"] {
            #expect(found["first"]?.contains(word) == true, "\(word): \(found)")
        }
    }

    @Test func `NO_COLOR takes the colours away`() throws {
        let found = try top("q", colour: false)
        #expect(found["first"]?.contains("healthy") == true, "\(found)")
        #expect(found["first"]?.contains("\u{1B}[32m") == false)
    }

    @Test func `a window that becomes small is drawn anew, and nothing is wider than it`() throws {
        let found = try top("resize")
        expectRestored(found)
        let second = try #require(found["second"])
        let last = try #require(second.components(ofLast: "\u{1B}[H"))
        #expect(last.count <= 12, "\(last)")
        for line in last { #expect(Self.width(line) <= 60, "\(line)") }
    }

    @Test(arguments: ["ctrl-c", "signal-SIGTERM", "signal-SIGHUP", "signal-SIGSEGV"])
    func `whatever ends it, the terminal is as it was`(_ action: String) throws {
        let found = try top(action)
        expectRestored(found)
        let number = try #require(
            ["ctrl-c": 130, "signal-SIGTERM": 143, "signal-SIGHUP": 129, "signal-SIGSEGV": -11][
                action])
        #expect(found["ended"] == "\(number)", "\(found)")
    }

    @Test func `while it is stopped the terminal is as it was, and then it draws again`() throws {
        let found = try top("stop")
        #expect(found["stopped-as-before"] == "True", "\(found)")
        #expect(found["second"]?.contains("healthy") == true, "\(found)")
        expectRestored(found)
    }

    @Test func `without a terminal it says what to use`() throws {
        let puypuy = try Installation(
            configuration: "[TSDB]\ntsdtype: Local\n", checks: ["memory"])
        let output = try puypuy.run(["top"])
        #expect(output.code == 2 && output.errors.contains("puypuy status"), "\(output.errors)")
        #expect(output.text.isEmpty)
    }

    /// Columns of a line whose escape sequences end in a letter.
    private static func width(_ line: Substring) -> Int {
        var width = 0
        var isInSequence = false
        for character in line {
            if character == "\u{1B}" {
                isInSequence = true
            } else if isInSequence {
                isInSequence = !character.isLetter
            } else {
                width += 1
            }
        }
        return width
    }
}

extension String {
    /// The lines behind the last `mark`: `|` and `\r` end them.
    fileprivate func components(ofLast mark: String) -> [Substring]? {
        guard let range = ranges(of: mark).last else { return nil }
        return self[range.upperBound...].split(whereSeparator: { $0 == "|" || $0 == "\r" })
    }
}
