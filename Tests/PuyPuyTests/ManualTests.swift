import Foundation
import TestSupport
import Testing

/// The manual page and the completions are those of this program.
@Suite(.timeLimit(.minutes(2)))
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
}
