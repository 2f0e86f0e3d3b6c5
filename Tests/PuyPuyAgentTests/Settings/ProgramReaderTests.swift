import PuyPuyChecks
import TestSupport
import Testing

@testable import PuyPuyAgent

struct ProgramReaderTests {
    private let local = "[TSDB]\ntsdtype: Local\n"

    @Test func `a module has its interval and timeout from its section and its file`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_one.py", "")
        try folder.write("checks_enabled/check_two.py", "")
        try folder.write("checks_enabled/check_two.ini", "interval: 5\nurl: http://x\n")
        try folder.write("checks_enabled/check_three", "", mode: 0o755)
        let (settings, problems) = try folder.load(
            local + "[check_one]\ninterval: 30\ntimeout: 7\n[check_two]\ninterval: 60\n"
                + "timeout: 2\n[Redis]\nhost: ${NAME}\npass: $5\n", environment: ["NAME": "r1"])
        #expect(problems == [])
        let programs = try #require(settings?.programs)
        #expect(programs.map(\.name) == ["one", "three", "two"])
        #expect(programs.map(\.kind) == [.module, .resident, .module])
        #expect(programs.map(\.interval) == [.seconds(30), .seconds(10), .seconds(5)])
        #expect(programs.map(\.timeout) == [.seconds(7), .seconds(10), .seconds(2)])
        let options = try #require(settings?.python.options)
        #expect(options.contains(.init(section: "Redis", key: "host", text: "r1")))
        #expect(options.contains(.init(section: "Redis", key: "pass", text: "$5")))
        #expect(options.contains(.init(section: "check_two", key: "url", text: "http://x")))
        // What is read later wins.
        let intervals = options.filter { $0.section == "check_two" && $0.key == "interval" }
        #expect(intervals.map(\.text) == ["60", "5"])
    }

    @Test func `a module with the name of a built-in check runs instead of it`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_memory.py", "")
        try folder.write("checks_enabled/check_memory.ini", "interval: 3\n")
        let (settings, problems) = try folder.load(local)
        #expect(settings?.checks == [])
        #expect(settings?.programs.map(\.interval) == [.seconds(3)])
        #expect(problems.map(\.severity) == [.notice])
        #expect(problems[0].description.contains("the built-in check memory does not run as well"))
    }

    @Test func `a mistake in a module's settings is told with its place`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_one.py", "")
        try folder.write("checks_enabled/check_one.ini", "timeout: soon\n")
        let (settings, problems) = try folder.load(local)
        #expect(settings == nil)
        #expect(
            problems.lines == [
                "checks_enabled/check_one.ini:1: timeout: \"soon\": not understood; expected seconds "
                    + "from 0.1 to 3600, or a time like 90s, 5m or 1h"
            ])
    }

    @Test(arguments: [
        "check_a.py~", "check_a.py.bak", "check_a.pyc", "check_.py", "a.py", ".check_a.py",
        "check_a.txt", "check_a.disabled",
    ])
    func `what is left beside modules does not run`(name: String) throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        try folder.write("checks_enabled/" + name, "", mode: 0o755)
        let (settings, problems) = try folder.load(local)
        #expect(settings?.programs == [])
        #expect(problems == [])
    }

    @Test func `the commands of Nagios are those of its section`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        let (settings, _) = try folder.load(
            local + "[Nagios]\nDisk: /x/check_disk -w 20% -p ${DIR}\ninterval: 30\n",
            environment: ["DIR": "/srv"])
        #expect(settings?.nagiosCommands == ["disk": "/x/check_disk -w 20% -p /srv"])
    }
}
