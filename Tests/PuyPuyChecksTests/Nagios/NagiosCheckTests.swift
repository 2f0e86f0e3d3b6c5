import Glibc
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

@Suite(.timeLimit(.minutes(10)))
struct NagiosCheckTests {
    private let root: TemporaryDirectory

    init() throws { root = try TemporaryDirectory() }

    /// A plugin that prints its arguments, each in brackets, and ends with `status`.
    private func plugin(_ name: String, status: Int, data: String = "") throws -> String {
        try root.write(
            name,
            "#!/bin/sh\nprintf 'ARGS'\nprintf ' [%s]' \"$@\"\necho '\(data)'\nexit \(status)\n",
            mode: 0o755)
    }

    @Test(arguments: [
        (0, NagiosState.ok, "OK"), (1, .warning, "WARNING"), (2, .critical, "CRITICAL"),
        (3, .unknown, "UNKNOWN"), (7, .unknown, "UNKNOWN"),
    ])
    func `the exit status is the state`(status: Int, state: NagiosState, word: String) async throws
    {
        let path = try plugin("p", status: status)
        let plugins = NagiosPlugins(commands: ["p": "\(path) -w '5 6'"])
        let answer = await plugins.run("P", arguments: "", deadline: .seconds(20))
        #expect(answer.state == state)
        #expect(answer.state.word == word)
        #expect(answer.text == "ARGS [-w] [5 6]")
    }

    @Test func `arguments replace those of the configuration, and no shell sees them`() async throws
    {
        let path = try plugin("p", status: 0)
        let plugins = NagiosPlugins(commands: ["p": "\(path) -w 5"])
        let answer = await plugins.run(
            "p", arguments: "-c '$(touch \(root.path)/x)' ; touch \(root.path)/y > z",
            deadline: .seconds(20))
        #expect(
            answer.text
                == "ARGS [-c] [$(touch \(root.path)/x)] [;] [touch] [\(root.path)/y] [>] [z]")
        #expect(access(root.path + "/x", F_OK) != 0 && access(root.path + "/y", F_OK) != 0)
    }

    @Test(arguments: ["nobody", "/bin/sh", "", "p/../p"])
    func `nothing runs that the configuration does not name`(name: String) async throws {
        let plugins = NagiosPlugins(commands: ["p": try plugin("p", status: 0)])
        let answer = await plugins.run(name, arguments: "-c id", deadline: .seconds(20))
        #expect(answer.state == .unknown)
        #expect(answer.text == "[Nagios] has no plugin called \(name)")
    }

    @Test func `at its deadline a plugin is killed and unknown`() async throws {
        let path = try root.write(
            "slow", "#!/bin/sh\necho $$ > \(root.path)/pid\nsleep 1000\n", mode: 0o755)
        let plugins = NagiosPlugins(commands: ["slow": path])
        let answer = await plugins.run("slow", arguments: "", deadline: .seconds(1))
        #expect(answer.state == .unknown)
        #expect(answer.text.contains("did not end within 1.0 seconds"))
        #expect(isGone(try #require(pid_t(words(try root.read("pid"))[0]))))
    }

    @Test func `states and performance data become points`() async throws {
        let good = try plugin("good", status: 0, data: "|a=5ms;10 n=100c")
        let bad = try plugin("bad", status: 2, data: "|x=y")
        let description = NagiosCheck.description
        let check = try description.make(CheckContext(options: ["good": good, "bad": bad]))
        var sample = sample(of: "nagios")
        try await check.collect(into: &sample)
        #expect(sample.value("nagios_state", ["plugin": "good"]) == .integer(0))
        #expect(sample.value("nagios_state", ["plugin": "bad"]) == .integer(2))
        #expect(sample.value("nagios_value", ["label": "a", "unit": "s"]) == .double(0.005))
        #expect(sample.value("nagios_warn", ["label": "a"]) == .double(0.01))
        // A counter gives a rate, from the second run on.
        #expect(sample.value("nagios_value", ["label": "n"]) == nil)
        #expect(sample.refusals == [Refusal(metric: "nagios_value", reason: .unreadable)])
    }

    @Test func `a plugin that cannot run is unknown and named`() async throws {
        let check = NagiosCheck(NagiosPlugins(commands: ["gone": "/nowhere/plugin"]))
        var sample = sample(of: "nagios")
        let problem = await #expect(throws: ChecksError.self) {
            try await check.collect(into: &sample)
        }
        #expect(problem?.cause.contains("gone: cannot run /nowhere/plugin") == true)
        #expect(sample.value("nagios_state") == .integer(3))
    }
}
