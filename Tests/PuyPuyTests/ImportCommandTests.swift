import Glibc
import TestSupport
import Testing

/// `puypuy import` from an older PuyPuy and from other collectors, as somebody types it.
@Suite(.timeLimit(.minutes(10)))
struct ImportCommandTests {
    private let telegraf =
        Installation.project + "/Tests/PuyPuyAgentTests/Fixtures/telegraf/telegraf.conf"
    private let secrets = ["INFLUX_TOKEN=a", "MIMIR_TOKEN=b"]

    private func folder() throws -> Installation { try Installation(configuration: "") }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test func `a configuration of Telegraf is carried over, and the new one is good`() throws {
        let puypuy = try folder()
        let done = try puypuy.run(["import", "telegraf", telegraf, "new"], environment: secrets)
        #expect(done.code == 0, "\(done.text) \(done.errors)")
        #expect(done.text.contains("wrote  new/config.ini\n"))
        #expect(done.text.contains("note   telegraf.conf:77: [[outputs.kafka]]: "))
        #expect(mode(puypuy.path + "/new/config.ini") == 0o600)
        let check = try puypuy.run(
            ["config", "check", "--config", "new/config.ini"], environment: secrets)
        #expect(check.code == 0, "\(check.text)")
        #expect(check.text.hasPrefix("new/config.ini is good: 7 checks enabled"), "\(check.text)")

        // Once more replaces nothing.
        let again = try puypuy.run(["import", "telegraf", telegraf, "new"], environment: secrets)
        #expect(again.text.contains("kept   new/config.ini"))
        #expect(!again.text.contains("wrote"))
        #expect(again.code == 0)
    }

    @Test func `a configuration of collectd is carried over, and the new one is good`() throws {
        let puypuy = try folder()
        let file = telegraf.replacing("telegraf", with: "collectd")
        let done = try puypuy.run(["import", "collectd", file, "new"])
        #expect(done.code == 0, "\(done.text) \(done.errors)")
        #expect(done.text.contains("note   collectd.conf:30: LoadPlugin network: "))
        #expect(mode(puypuy.path + "/new/config.ini") == 0o600)
        let check = try puypuy.run(["config", "check", "--config", "new/config.ini"])
        #expect(check.text.hasPrefix("new/config.ini is good: 6 checks enabled"), "\(check.text)")
    }

    @Test func `a dry run writes nothing`() throws {
        let puypuy = try folder()
        let output = try puypuy.run(["import", "telegraf", telegraf, "new", "--dry-run"])
        #expect(output.code == 0, "\(output.errors)")
        #expect(output.text.contains("would write  new/config.ini\n"))
        #expect(mode(puypuy.path + "/new") == nil)
    }

    @Test func `variables that are not set are what the new configuration needs`() throws {
        let output = try folder().run(["import", "telegraf", telegraf, "new"])
        #expect(output.code == 1)
        #expect(output.text.contains("the environment variable INFLUX_TOKEN is not set"))
    }

    @Test func `a file with a mistake is told with its line, and nothing is written`() throws {
        let puypuy = try folder()
        try puypuy.directory.write("telegraf.conf", "[agent]\ninterval = 10s\n")
        let output = try puypuy.run(["import", "telegraf", "telegraf.conf", "new"])
        #expect(output.code == 1)
        #expect(
            output.errors == "puypuy: cannot understand telegraf.conf, line 2: 10s is no number, "
                + "true or false; a text needs quotes\n")
        #expect(mode(puypuy.path + "/new") == nil)
    }

    @Test(arguments: [["import"], ["import", "puypuy"]])
    func `an older PuyPuy is carried over with its name and without`(_ command: [String]) throws {
        let puypuy = try folder()
        try puypuy.directory.write("old/conf/config.ini", "[SelfConfig]\ncluster_name: shop\n")
        try puypuy.directory.write("old/checks_enabled/check_cpustats.py", "")
        try puypuy.directory.write("old/scripts_enabled/check_users.sh", "#!/bin/sh\n", mode: 0o755)
        let output = try puypuy.run(command + ["old", "new"])
        #expect(output.code == 0, "\(output.text) \(output.errors)")
        #expect(output.text.contains("wrote  new/config.ini\n"))
        #expect(readText(puypuy.path + "/new/config.ini").contains("cluster_name: shop\n"))
    }

    @Test func `wrong usage is exit code 2`() throws {
        let puypuy = try folder()
        for arguments in [["import"], ["import", "old"], ["import", "telegraf", "one"]] {
            #expect(try puypuy.run(arguments).code == 2, "\(arguments)")
        }
    }
}
