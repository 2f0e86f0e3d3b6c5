import Foundation
import TestSupport
import Testing

/// What people write into a configuration by mistake: it is named, and nothing starts with it.
@Suite(.timeLimit(.minutes(10)))
struct WrongConfigurationTests {
    @Test(arguments: WrongConfiguration.all)
    func `a wrong configuration is told word by word, and starts nothing`(
        _ wrong: WrongConfiguration
    ) throws {
        let puypuy = try installation(wrong.files)
        let expected = wrong.lines.map { $0.replacing("{FOLDER}", with: puypuy.path) }
        let before = try content(of: puypuy.path)

        let check = try puypuy.run(["config", "check", "--config", wrong.argument])
        #expect(check.code == 2)
        #expect(check.text.split(separator: "\n").map(String.init) == expected)
        let count = wrong.errors == 1 ? "1 problem" : "\(wrong.errors) problems"
        #expect(check.errors == "puypuy: \(count) to correct\n")

        for command in ["daemon", "start"] {
            let output = try puypuy.run([command, "--config", wrong.argument])
            #expect(output.code == 2, "\(command)")
            #expect(output.text == "", "\(command)")
            let lines = output.errors.split(separator: "\n").map(String.init)
            #expect(lines.dropLast() == expected[...], "\(command)")
            #expect(lines.last?.contains("the configuration cannot be used") == true, "\(command)")
        }
        #expect(try content(of: puypuy.path) == before)
    }

    @Test func `there are many of them, each another`() {
        #expect(WrongConfiguration.all.count >= 50)
        #expect(
            Set(WrongConfiguration.all.map(\.testDescription)).count == WrongConfiguration.all.count
        )
    }

    @Test func `a right configuration starts what a wrong one does not`() throws {
        let puypuy = try installation(["config.ini": Array("[TSDB]\ntsdtype: Local\n".utf8)])
        let before = try content(of: puypuy.path)
        let check = try puypuy.run(["config", "check"])
        #expect(check.text == "config.ini is good: 1 check enabled, points go to default (Local)\n")
        #expect(try puypuy.run(["start"]).code == 0)
        let after = try content(of: puypuy.path)
        #expect(try puypuy.run(["stop"]).code == 0)
        for name in ["var/spool.db", "var/puypuy.pid", "var/puypuy.log"] {
            #expect(before[name] == nil)
            #expect(after[name] != nil, "\(name)")
        }
    }

    @Test func `a secret that everybody may read is warned of, and names what to do`() throws {
        let puypuy = try installation([:])
        let influx =
            "[TSDB]\ntsdtype: InfluxDB\naddress: http://127.0.0.1:1\ndatabase: d\nuser: u\n"
        try puypuy.directory.write("config.ini", influx + "pass: geheim\n", mode: 0o644)
        let inside = try puypuy.run(["config", "check"])
        #expect(inside.code == 0)
        #expect(
            inside.text.hasPrefix(
                "config.ini:6: warning: [TSDB] pass: a secret in a file that every user of the host "
                    + "may read; chmod o-r config.ini\n"))
        #expect(!inside.text.contains("geheim"))

        try puypuy.directory.write("config.ini", influx + "pass_file: secret\n", mode: 0o644)
        try puypuy.directory.write("secret", "geheim\n", mode: 0o644)
        let beside = try puypuy.run(["config", "check"])
        let path = puypuy.path + "/secret"
        #expect(
            beside.text.hasPrefix(
                "config.ini:6: warning: [TSDB] pass_file: \"\(path)\": readable by every user of the "
                    + "host; chmod o-r \(path)\n"))
    }

    @Test func `a spool that cannot be made is told by the start, which leaves nothing behind`()
        throws
    {
        // Nobody, not even root, makes a folder there.
        let puypuy = try installation([
            "config.ini": Array(
                "[SelfConfig]\nspool_path: /proc/puypuy/spool.db\n[TSDB]\ntsdtype: Local\n".utf8)
        ])
        let before = try content(of: puypuy.path)
        #expect(try puypuy.run(["config", "check"]).code == 0)
        let daemon = try puypuy.run(["daemon"])
        #expect(daemon.code == 1)
        #expect(
            daemon.errors.hasPrefix("puypuy: cannot make the folder /proc/puypuy: "),
            "\(daemon.errors)")
        #expect(daemon.errors.contains("set spool_path to a place that this user may write"))
        #expect(try content(of: puypuy.path) == before)
    }

    @Test func `a port that is taken keeps nobody from collecting, and is named with what to do`()
        throws
    {
        let port = try LoopbackClient.freePort()
        let web = "[WebServer]\nwebserver: yes\nwebaddress: 127.0.0.1:\(port)\n"
        let configuration = Array("[TSDB]\ntsdtype: Local\n\(web)".utf8)
        let first = try installation(["config.ini": configuration])
        let second = try installation(["config.ini": configuration])
        try first.start()
        #expect(eventually { first.log.contains("the web server listens") })
        try second.start()
        #expect(eventually { second.log.contains("address already in use") })
        #expect(second.log.contains("ss -ltnp 'sport = :\(port)'"))
        #expect(eventually { (try? second.inspect().points) ?? 0 > 0 })
        #expect(second.stop() == 0)
        #expect(first.stop() == 0)
    }

    /// A folder of `files`, with one check.
    private func installation(_ files: [String: [UInt8]?]) throws -> Installation {
        let puypuy = try Installation(configuration: "", checks: ["memory"])
        try FileManager.default.removeItem(atPath: puypuy.path + "/config.ini")
        for (name, bytes) in files {
            if let bytes {
                try puypuy.directory.write(name, "")
                try writeBytes(bytes, to: puypuy.path + "/" + name)
            } else {
                try FileManager.default.createDirectory(
                    atPath: puypuy.path + "/" + name, withIntermediateDirectories: true)
            }
        }
        return puypuy
    }

    /// Every file and folder below `path`, but for what the commands of the test print.
    private func content(of path: String) throws -> [String: [UInt8]] {
        var content: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path)
        where !name.hasPrefix("out-") {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
            content[name] = isFolder.boolValue ? [] : (try? readBytes(path + "/" + name)) ?? []
        }
        return content
    }
}
