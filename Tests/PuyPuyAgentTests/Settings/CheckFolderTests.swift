import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct CheckFolderTests {
    private let local = "[TSDB]\ntsdtype: Local\n"

    @Test func `an empty file enables a check`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_memory.ini", "")
        try folder.write("checks_enabled/check_cpustats.ini", "# only a comment\n")
        try folder.write("checks_enabled/README", "not an INI file")
        try folder.write("checks_enabled/check_disks.ini.disabled", "not read")
        let (settings, problems) = try folder.load(local)
        #expect(problems == [])
        #expect(try #require(settings).checks.map(\.id) == ["cpustats", "memory"])
    }

    @Test(arguments: [
        "port: 1\ninterval: 30", "[redis]\nport: 1\ninterval: 30", "[Redis]\nport=1\nInterval: 30s",
    ])
    func `the check's own file wins over its section`(_ text: String) throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_redis.ini", text)
        let (settings, problems) = try folder.load(
            local + "[Redis]\nhost: db1\nport: 6379\ntimeout: 3\n")
        #expect(problems == [])
        let check = try #require(settings?.checks.first)
        #expect(check.options == ["host": "db1", "port": "1"])
        #expect(check.interval == .seconds(30))
        #expect(check.timeout == .seconds(3))
    }

    @Test func `instances are checks of their own with a tag`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_redis.ini", "")
        try folder.write("checks_enabled/check_redis@cache-1.ini", "port: 6380\npass: ${REDIS}\n")
        let (settings, problems) = try folder.load(
            local + "[Redis]\nhost: db1\n", environment: ["REDIS": "geheim"])
        #expect(problems == [])
        let checks = try #require(settings).checks
        #expect(checks.map(\.id) == ["redis", "redis@cache-1"])
        #expect(checks.map(\.tags) == [.none, ["instance": "cache-1"]])
        #expect(checks[1].options == ["host": "db1", "port": "6380", "pass": "geheim"])
        #expect(checks[1].interval == .seconds(10))
        #expect(checks[1].timeout == .seconds(10))
    }

    @Test func `a check may take any key`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_openfiles.ini", "gazan: gazan-glibc\n")
        let (settings, problems) = try folder.load(local + "[Open Files]\ndn: /tmp/dn.pid\n")
        #expect(problems == [])
        #expect(
            try #require(settings).checks[0].options == [
                "gazan": "gazan-glibc", "dn": "/tmp/dn.pid",
            ]
        )
    }

    @Test(arguments: [
        (
            "check_redis.ini", "prot: 1\n",
            "checks_enabled/check_redis.ini:1: prot: unknown key of the check redis; did you mean "
                + "port?"
        ),
        (
            "check_redis.ini", "port: x\n",
            "checks_enabled/check_redis.ini:1: port: \"x\": not understood; expected a number"
        ),
        (
            "check_redis.ini", "[MySQL]\nport: 1\n",
            "checks_enabled/check_redis.ini:1: [MySQL] not a section of this check; expected keys "
                + "without a section, or [redis]"
        ),
        (
            "check_redis.ini", "timeout: 0\n",
            "checks_enabled/check_redis.ini:1: timeout: \"0\": out of range; expected seconds "
                + "from 0.1 to 3600, or a time like 90s, 5m or 1h"
        ),
        (
            "check_redis.ini", "host: refused\n",
            "checks_enabled/check_redis.ini: host: refused by the check itself"
        ),
        (
            "check_redis@.ini", "",
            "checks_enabled/check_redis@.ini: \"\": not the name of an instance; expected letters, "
                + "digits, dots, dashes and underscores after the @"
        ),
        (
            "check_redsi.ini", "",
            "checks_enabled/check_redsi.ini: warning: there is no check called redsi; did you mean "
                + "check_redis.ini?"
        ),
        (
            "cpustats.ini", "",
            "checks_enabled/cpustats.ini: warning: not read: its name does not start with check_"
        ),
        (
            "check_own", "",
            "checks_enabled/check_own: warning: not run: it is not executable; chmod +x "
                + "FOLDER/checks_enabled/check_own"
        ),
    ])
    func `what is wrong with a check's file is told with the file`(
        _ name: String, _ text: String, _ expected: String
    ) throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        try folder.write("checks_enabled/" + name, text)
        let (settings, problems) = try folder.load(local)
        let words = expected.split(separator: "FOLDER", omittingEmptySubsequences: false)
        #expect(problems.lines == [words.joined(separator: folder.path)])
        #expect((settings == nil) == problems.hasErrors)
    }

    @Test func `no check at all is warned of`() throws {
        let (settings, problems) = try TemporaryDirectory().load(local)
        #expect(settings?.checks == [])
        #expect(problems.map(\.severity) == [.warning])
    }
}
