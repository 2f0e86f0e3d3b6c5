import Glibc
import Logging
import PuyPuyBackends
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct ImportTests {
    private let folder: TemporaryDirectory
    private var old: String { folder.path + "/old" }
    private var new: String { folder.path + "/new" }

    /// An older PuyPuy with a bit of everything.
    init() throws {
        folder = try TemporaryDirectory()
        try folder.write(
            "old/conf/config.ini",
            """
            [SelfConfig]
            check_period_seconds: 20
            error_handler: 2
            log_file: /tmp/oddeye.log
            pid_file: /tmp/oddeye.pid
            cluster_name: testcluster
            tmpdir: cache
            max_cache: 50000

            [TSDB]
            address: http://127.0.0.1:8086
            auth: True
            user: test
            pass: Te$ting
            database: test
            tsdtype: InfluxDB

            """)
        try folder.write(
            "old/conf/mq.ini", "[RabbitMQ]\nuser: guest\n\n[CPU Stats]\npercore_stats: False\n")
        try folder.write("old/checks_available/check_cpustats.py", "# built in now\n")
        try folder.write("old/checks_available/check_rabbitmq.py", "# a module\n")
        try folder.write("old/checks_enabled/__init__.py", "")
        for name in ["cpustats", "rabbitmq", "gone"] {
            symlink(
                "../checks_available/check_\(name).py", old + "/checks_enabled/check_\(name).py")
        }
        try folder.write("old/scripts_enabled/check_users.sh", "#!/bin/sh\n", mode: 0o755)
        try folder.write("old/scripts_enabled/notes.txt", "")
        let line = "mem,host=h,cluster=c,group=g,location=l,type=t value=1i 170000000000000000"
        try folder.write("old/cache/a.cached", "\(line)1\n\(line)2\nbad\n")
        try folder.write("old/cache/b.cached", "\(line)3\n")
        try folder.write("old/cache/other", "\(line)4\n")
    }

    private func plan() throws -> ImportPlan {
        try ImportPlan(old, cache: nil, spoolPath: nil)
    }

    private func books() throws -> Ledger {
        try #require(
            try SpoolReader(path: new + "/var/spool.db").audit().first { $0.name == "default" }
        ).ledger
    }

    @Test func `the new layout works, and holds what had an effect`() async throws {
        let outcome = try await Import(try plan(), into: new).run { _ in }
        #expect(
            outcome.written.sorted() == [
                "checks_enabled/check_cpustats.ini", "checks_enabled/check_rabbitmq.py",
                "config.ini", "scripts_enabled/check_users.sh",
            ])
        #expect(!outcome.problems.hasErrors, "\(outcome.problems.lines)")
        let (settings, _) = Settings.load(
            from: SettingsLocation(new + "/config.ini"), checks: CheckSet.builtIn)
        let loaded = try #require(settings)
        #expect(loaded.checkPeriod == .seconds(20))
        #expect(loaded.clusterName == "testcluster")
        #expect(loaded.backends.map(\.type) == [.influxDB])
        #expect(loaded.backends[0].credentials == .basic(user: "test", password: "Te$ting"))
        #expect(loaded.checks.map(\.name) == ["cpustats"])
        #expect(loaded.programs.map(\.name) == ["rabbitmq"])
        #expect(loaded.logFile == nil)
        #expect(readText(new + "/checks_enabled/check_rabbitmq.py") == "# a module\n")
        #expect(access(new + "/scripts_enabled/check_users.sh", X_OK) == 0)
    }

    @Test func `what is not carried over is named with its reason`() throws {
        let remarks = try plan().remarks.map { "\($0.subject): \($0.reason)" }
        for beginning in [
            "conf/config.ini:3: [SelfConfig] error_handler: has no effect any more",
            "conf/config.ini:4: [SelfConfig] log_file: anybody can write to /tmp/oddeye.log",
            "conf/config.ini:7: [SelfConfig] tmpdir: has no effect any more",
            "checks_enabled/check_cpustats.py: the built-in check cpustats takes its place",
            "checks_enabled/check_gone.py: it is a link to nothing",
            "scripts_enabled/notes.txt: not a script",
        ] {
            #expect(remarks.contains { $0.hasPrefix(beginning) }, "\(beginning): \(remarks)")
        }
    }

    @Test func `cached points are pending once, however often they are imported`() async throws {
        let first = try await Import(try plan(), into: new).run { _ in }
        #expect(first.cached.points == 3)
        #expect(first.cached.files == 2)
        #expect(first.poison.map(\.subject) == ["\(old)/cache/a.cached: line 3"])
        #expect(try books() == Ledger(collected: 3, pending: 3))
        let second = try await Import(try plan(), into: new).run { _ in }
        #expect(second.cached.points == 0)
        #expect(second.cached.knownFiles == 2)
        #expect(try books() == Ledger(collected: 3, pending: 3))
        #expect(readText(old + "/cache/b.cached") != "")
    }

    @Test func `a dry run counts and writes nothing`() throws {
        let outcome = Import(try plan(), into: new).survey { _ in }
        #expect(outcome.written.count == 4)
        #expect(outcome.cached.points == 3)
        #expect(access(new, F_OK) != 0)
    }

    @Test func `no file is replaced`() async throws {
        try folder.write("new/config.ini", "[TSDB]\ntsdtype: Local\n")
        let outcome = try await Import(try plan(), into: new).run { _ in }
        #expect(outcome.kept == ["config.ini"])
        #expect(readText(new + "/config.ini") == "[TSDB]\ntsdtype: Local\n")
        // The configuration that is there keeps its points in the spool.
        #expect(try books() == Ledger(collected: 3, delivered: 3))
    }

    @Test func `a database that is not supported any more becomes the spool alone`() throws {
        try folder.write("old/conf/config.ini", "[TSDB]\nurl: https://x\ntsdtype: OddEye\n")
        let plan = try plan()
        let text = String(decoding: try #require(plan.files.first).bytes, as: UTF8.self)
        #expect(text.contains("[TSDB]\ntsdtype: Local\n"))
        #expect(plan.remarks.contains { $0.reason.hasPrefix("OddEye is not supported") })
    }

    @Test func `a folder that is no PuyPuy is refused`() {
        #expect(throws: ImportError.self) {
            try ImportPlan(folder.path, cache: nil, spoolPath: nil)
        }
    }

    @Test func `a spool in use is left to its daemon`() async throws {
        _ = try await Import(try plan(), into: new).run { _ in }
        let spool = try Spool(
            SpoolOptions(path: new + "/var/spool.db"), logger: .init(label: "test"))
        await #expect(throws: SpoolError.self) {
            try await Import(try plan(), into: new).run { _ in }
        }
        await spool.close()
    }
}
