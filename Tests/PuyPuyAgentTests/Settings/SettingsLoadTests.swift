import Glibc
import Logging
import PuyPuyBackends
import PuyPuyChecks
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct SettingsLoadTests {
    @Test(arguments: Fixtures.names(in: "wrong"))
    func `a wrong configuration gives exactly the problems that it names`(_ name: String) throws {
        let folder = Fixtures.folder + "/wrong"
        let text = try Fixtures.text(folder + "/" + name)
        let expected = text.split(separator: "\n").filter { $0.hasPrefix("# expect: ") }
            .map { line in
                var line = String(line.dropFirst("# expect: ".count))
                if let range = line.firstRange(of: "{FOLDER}") {
                    line.replaceSubrange(range, with: folder)
                }
                return line
            }
        let (settings, problems) = Settings.load(
            from: SettingsLocation(label: "config.ini", path: folder + "/" + name),
            checks: Fixtures.checks, environment: { _ in nil })
        let besides = problems.filter { !isAboutModes($0) }.lines.filter { !expected.contains($0) }
        #expect(!expected.isEmpty)
        #expect(expected.filter { !problems.lines.contains($0) } == [])
        // Sections without keys of [TSDB] say so in passing.
        #expect(besides.filter { !$0.contains("so the points stay in the spool") } == [])
        #expect((settings == nil) == problems.hasErrors)
    }

    @Test func `there are wrong configurations to test with`() {
        #expect(Fixtures.names(in: "wrong").count >= 30)
        #expect(Fixtures.names(in: "historical").count >= 3)
    }

    @Test(arguments: Fixtures.names(in: "historical"))
    func `a configuration of the original loads as it stands`(_ name: String) throws {
        let (settings, problems) = Settings.load(
            from: SettingsLocation(Fixtures.folder + "/historical/" + name),
            checks: Fixtures.checks, environment: { _ in nil })
        #expect(problems.filter { $0.severity != .notice && !isAboutModes($0) } == [])
        #expect(problems.contains { $0.key == "tmpdir" && $0.severity == .notice })
        #expect(try #require(settings).checks.map(\.name) == ["cpustats"])
    }

    @Test(arguments: ["commented_backends.ini", "windows_line_ends.ini"])
    func `the values of the original are understood`(_ name: String) throws {
        let loaded = Settings.load(
            from: SettingsLocation(Fixtures.folder + "/historical/" + name),
            checks: Fixtures.checks, environment: { _ in nil })
        let settings = try #require(loaded.settings)
        #expect(settings.checkPeriod == .seconds(20))
        #expect(settings.logFile == "/tmp/puypuy.log")
        #expect(settings.pidFile == "/tmp/puypuy.pid")
        #expect(settings.logLevel == .info)
        #expect(!settings.usesShortHostname)
        #expect(
            settings.baseTags(host: "web1.example.org").description
                == "cluster=shop,group=frontend,host=web1.example.org,location=rack-7")
        #expect(settings.backends.count == 1)
        let backend = settings.backends[0]
        #expect(backend.name == "default")
        #expect(backend.type == .influxDB)
        #expect(backend.url == "http://influx.example.org:8086")
        #expect(backend.database == "shop")
        #expect(backend.credentials == .basic(user: "shop", password: "Te$ting;1"))
    }

    @Test func `placeholders for credentials are none when auth is off`() throws {
        let loaded = Settings.load(
            from: SettingsLocation(Fixtures.folder + "/historical/equals_and_placeholders.ini"),
            checks: Fixtures.checks, environment: { _ in nil })
        let settings = try #require(loaded.settings)
        #expect(settings.backends[0].credentials == .none)
        #expect(settings.logLevel == .debug)
        #expect(settings.checks[0].options == ["percore_stats": "TRUE"])
    }

    @Test func `a folder of files is read in name order, with checks_enabled beside it`() throws {
        let path = Fixtures.folder + "/historical_folder"
        let (settings, problems) = Settings.load(
            from: SettingsLocation(label: "conf", path: path + "/conf"), checks: Fixtures.checks,
            environment: { _ in nil })
        let read = try #require(settings)
        #expect(read.clusterName == "shop")
        #expect(read.checksDirectory == path + "/checks_enabled")
        #expect(read.checks.map(\.options) == [["percore_stats": "False"]])
        #expect(read.checks.map(\.interval) == [.seconds(15)])
        #expect(read.programs.map(\.name) == ["memory"])
        #expect(read.programs.map(\.path) == [path + "/checks_enabled/check_memory.py"])
        #expect(read.python.folder == path)
        #expect(problems.filter { $0.severity == .warning } == [])
    }

    @Test func `a later file of a folder wins key by key`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("conf/10.ini", "[SelfConfig]\nlocation: first\ncluster_name: c\n")
        try folder.write("conf/20.ini", "[SelfConfig]\nlocation: second\n[TSDB]\ntsdtype: Local\n")
        try folder.write("conf/notes.txt", "not read")
        try folder.write("conf/checks_enabled/check_cpustats.ini", "")
        let (settings, problems) = Settings.load(
            from: SettingsLocation(label: "conf", path: folder.path + "/conf"),
            checks: Fixtures.checks, environment: { _ in nil })
        #expect(problems == [])
        #expect(settings?.location == "second")
        #expect(settings?.clusterName == "c")
        #expect(settings?.checksDirectory == folder.path + "/conf/checks_enabled")
        #expect(
            settings?.effective.first { $0.key == "location" }?.source
                == .file("conf/20.ini", line: 2))
    }

    @Test func `what [DEFAULT] says stands for what a section lacks`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        let (settings, problems) = try folder.load(
            "[DEFAULT]\nlocation: everywhere\nother: thing\n[TSDB]\ntsdtype: Local\n")
        #expect(problems == [])
        #expect(settings?.location == "everywhere")
    }

    @Test func `relative paths are relative to the folder of the configuration`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        let loaded = try folder.load(
            "[SelfConfig]\nlog_file: ./log//puypuy.log\npid_file:\nspool_path: /data/spool.db\n"
                + "[TSDB]\ntsdtype: Local\n")
        let settings = try #require(loaded.settings)
        #expect(settings.logFile == folder.path + "/log/puypuy.log")
        #expect(settings.pidFile == nil)
        #expect(settings.spool.path == "/data/spool.db")
        #expect(settings.scriptsDirectory == folder.path + "/scripts_enabled")
    }

    @Test func `every key of the spool has its effect`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        let loaded = try folder.load(
            """
            [SelfConfig]
            durability: Normal
            spool_retain_hours: 2d
            spool_max_mb: 100
            spool_min_free_mb: 10
            spool_max_age_hours: 72
            overflow: drop_newest
            memory_buffer_points: 5
            shutdown_seconds: 1m
            root_path: /host/
            hostname: web
            [TSDB]
            tsdtype: Local
            """)
        let settings = try #require(loaded.settings)
        #expect(settings.spool.durability == .normal)
        #expect(settings.spool.retain == .seconds(48 * 3600))
        #expect(settings.spool.maxBytes == 100 << 20)
        #expect(settings.spool.minFreeBytes == 10 << 20)
        #expect(settings.spool.maxAge == .seconds(72 * 3600))
        #expect(settings.spool.overflow == .dropNewest)
        #expect(settings.spool.memoryBufferPoints == 5)
        #expect(settings.shutdownTime == .seconds(60))
        #expect(settings.rootPath == "/host")
        #expect(settings.baseTags(host: "other")["host"] == "web")
    }

    @Test func `a configuration that is not there is one clear problem`() {
        let (settings, problems) = Settings.load(
            from: SettingsLocation("/nonexistent/config.ini"), checks: [], environment: { _ in nil }
        )
        #expect(settings == nil)
        #expect(
            problems.lines == [
                "/nonexistent/config.ini: cannot be read: no such file or directory"
            ])
    }

    @Test func `log_level wins over debug_log`() throws {
        let folder = try TemporaryDirectory()
        let loaded = try folder.load(
            "[SelfConfig]\ndebug_log: True\nlog_level: Error\n[TSDB]\ntsdtype: Local\n")
        #expect(loaded.settings?.logLevel == .error)
    }

    @Test(arguments: 0..<8)
    func `a damaged configuration is never more than problems`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_redis.ini", "")
        let whole = try Fixtures.text(Fixtures.folder + "/historical/commented_backends.ini")
        let names = SelfConfigKey.all.map(\.name) + BackendKey.all.map(\.name)
        let values = [
            "", "-1", "1e999", "99999999999999999999", "${", "$${A}", "x\n  y", "ü", "[", "0",
        ]
        for _ in 0..<25 {
            var lines = whole.split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)
            for _ in 0..<10 {
                let index = Int.random(in: 0..<lines.count, using: &generator)
                lines[index] =
                    names.randomElement(using: &generator)! + ": "
                    + values.randomElement(using: &generator)!
            }
            let loaded = try folder.load(lines.joined(separator: "\n"))
            #expect((loaded.settings == nil) == loaded.problems.hasErrors)
            #expect(loaded.problems.lines.allSatisfy { !$0.contains("\n") })
        }
    }

    /// Whether a problem is about who may read a fixture, which depends on the mask of who checked
    /// it out.
    private func isAboutModes(_ problem: SettingsProblem) -> Bool {
        problem.hint?.hasPrefix("chmod ") == true
    }
}
