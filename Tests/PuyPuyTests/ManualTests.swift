import Foundation
import TestSupport
import Testing

/// The manual page and the completions are those of this program.
@Suite(.timeLimit(.minutes(10)))
struct ManualTests {
    private func installation() throws -> Installation {
        try Installation(configuration: "[TSDB]\ntsdtype: Local\n")
    }

    @Test func `the manual page is what the help of the commands makes`() throws {
        let puypuy = try installation()
        let help = try puypuy.run(["--experimental-dump-help"])
        try puypuy.directory.write("help.json", help.text)
        let script = Installation.project + "/packaging/make-manual.py"
        let made = try ChildProcess(
            "/bin/sh",
            ["-c", "python3 \(script) <\(puypuy.path)/help.json >\(puypuy.path)/puypuy.1"],
            log: puypuy.path + "/manual.log")
        #expect(made.waitForEnd(within: .seconds(60)))
        #expect(made.exitCode == 0, "\(readText(puypuy.path + "/manual.log"))")
        let page = readText(Installation.project + "/packaging/man/puypuy.1")
        #expect(page == readText(puypuy.path + "/puypuy.1"), "make manual writes it anew")
        for command in ["start", "status", "spool replay", "check enable", "top"] {
            #expect(page.contains(".SS \"puypuy \(command)\""), "\(command)")
        }
    }

    @Test func `the reference of the configuration is what the command prints`() throws {
        let output = try installation().run(["config", "reference"])
        #expect(output.code == 0, "\(output.errors)")
        let page = readText(Installation.project + "/docs/CONFIGURATION.md")
        #expect(page == output.text, "make reference writes it anew")
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completions know the commands`(_ shell: String) throws {
        let output = try installation().run(["--generate-completion-script", shell])
        #expect(output.code == 0, "\(output.errors)")
        for word in ["start", "status", "salvage", "enable"] { #expect(output.text.contains(word)) }
        // The shell itself has to take it, where it is installed.
        for folder in ["/bin/", "/usr/bin/"] where access(folder + shell, X_OK) == 0 {
            let puypuy = try installation()
            try puypuy.directory.write("completion", output.text)
            let check = try ChildProcess(
                folder + shell, ["-n", puypuy.path + "/completion"], log: puypuy.path + "/check.log"
            )
            #expect(check.waitForEnd(within: .seconds(60)))
            #expect(check.exitCode == 0, "\(readText(puypuy.path + "/check.log"))")
        }
    }

    @Test func `names of checks are completed`() throws {
        let output = try installation().run([
            "---completion", "check", "enable", "--", "name", "3", "0", "puypuy check enable ",
        ])
        #expect(output.text.contains("load_average"), "\(output.text) \(output.errors)")
    }

    @Test(arguments: [
        (["backend", "retry"], "backend"), (["backend", "test"], "backend"),
        (["spool", "replay"], "--backend"),
    ])
    func `names of backends that send are completed`(
        _ command: [String], _ argument: String
    ) throws {
        let puypuy = try twoBackends()
        #expect(try complete(command, argument, in: puypuy) == ["default", "other"])
    }

    @Test(arguments: ["list", "retry", "discard"])
    func `names of backends that the spool knows are completed for dead letters`(
        _ command: String
    ) throws {
        let puypuy = try twoBackends()
        #expect(try puypuy.run(["once", "--send"]).code == 1)
        try puypuy.directory.write("config.ini", "[TSDB]\ntsdtype: Local\n")
        #expect(
            try complete(["spool", "dead", command], "--backend", in: puypuy)
                == ["default", "kept", "other"])
    }

    @Test func `names of backends that were removed are completed for forgetting`() throws {
        let puypuy = try twoBackends()
        #expect(try puypuy.run(["once", "--send"]).code == 1)
        #expect(try complete(["backend", "forget"], "backend", in: puypuy) == [])
        let text = readText(puypuy.path + "/config.ini")
        let end = try #require(text.firstRange(of: "[TSDB:other]"))
        try puypuy.directory.write("config.ini", String(text[..<end.lowerBound]))
        #expect(try puypuy.run(["once", "--send"]).code == 1)
        #expect(try complete(["backend", "forget"], "backend", in: puypuy) == ["other"])
    }

    @Test(arguments: [["--config", "other.ini"], ["-c", "other.ini"], ["--config=other.ini"]])
    func `names of backends are those of the configuration that is named`(
        _ words: [String]
    ) throws {
        let puypuy = try twoBackends()
        try puypuy.directory.write(
            "other.ini", "[TSDB:far]\ntsdtype: Carbon\naddress: graphite\n")
        #expect(
            try complete(["backend", "retry"], "backend", in: puypuy, words) == ["far"])
    }

    @Test func `without a configuration no backend is completed, and nothing is said`() throws {
        let puypuy = try twoBackends()
        let output = try completion(
            ["backend", "retry"], "backend", in: puypuy, ["--config", "nowhere.ini"])
        #expect(output.text.trimmingCharacters(in: .whitespacesAndNewlines) == "")
        #expect(output.errors == "")
    }

    /// Two backends that nothing answers for, and one that keeps its points.
    private func twoBackends() throws -> Installation {
        let server = "tsdtype: InfluxDB\naddress: http://127.0.0.1:1\ndatabase: d\n"
        return try Installation(
            configuration: "[SelfConfig]\nshutdown_seconds: 1\n[TSDB]\n\(server)"
                + "[TSDB:kept]\ntsdtype: Local\n[TSDB:other]\n\(server)",
            checks: ["memory"])
    }

    private func complete(
        _ command: [String], _ argument: String, in puypuy: Installation, _ words: [String] = []
    ) throws -> [String] {
        let output = try completion(command, argument, in: puypuy, words)
        #expect(output.errors == "")
        return output.text.split(separator: "\n").map(String.init).sorted()
    }

    private func completion(
        _ command: [String], _ argument: String, in puypuy: Installation, _ words: [String]
    ) throws -> Installation.Output {
        try puypuy.run(
            ["---completion"] + command
                + ["--", argument, "\(command.count + 1 + words.count)", "0", "puypuy"] + command
                + words)
    }
}
