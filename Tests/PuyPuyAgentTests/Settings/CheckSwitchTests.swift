import Glibc
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct CheckSwitchTests {
    private let folder: TemporaryDirectory
    private let checks: CheckSwitch

    init() throws {
        folder = try TemporaryDirectory()
        var settings = Settings()
        settings.checksDirectory = folder.path + "/checks_enabled"
        settings.scriptsDirectory = folder.path + "/scripts_enabled"
        checks = CheckSwitch(settings)
    }

    private func files(_ name: String) -> [String] {
        names(inDirectory: folder.path + "/" + name).sorted()
    }

    @Test func `a built-in check and an instance of it get a file, and lose it again`() throws {
        for name in ["memory", "nagios@web-1"] {
            let path = "\(folder.path)/checks_enabled/check_\(name).ini"
            #expect(try checks.enable(name) == .done(files: [path]))
            #expect(try checks.enable(name) == .wasSo)
            #expect(access(path, F_OK) == 0)
            #expect(try checks.disable(name) == .done(files: [path]))
            #expect(try checks.disable(name) == .wasSo)
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test func `what holds anything is kept under another name, and comes back`() throws {
        try folder.write("checks_enabled/check_memory.ini", "# why\ninterval: 5\n")
        try folder.write("checks_enabled/check_orders.py", "pass\n")
        try folder.write("checks_enabled/check_orders.ini", "interval: 9\n")
        try folder.write("checks_enabled/check_stream", "#!/bin/sh\n", mode: 0o755)
        try folder.write("scripts_enabled/check_mail.sh", "#!/bin/sh\n", mode: 0o755)
        let before = (files("checks_enabled"), files("scripts_enabled"))
        let names = ["memory", "orders", "stream", "mail"]
        for name in names { #expect(try checks.disable(name) != .wasSo) }
        #expect(files("checks_enabled").allSatisfy { $0.hasSuffix(".disabled") })
        #expect(files("scripts_enabled") == ["check_mail.sh.disabled"])
        for name in names { #expect(try checks.enable(name) != .wasSo) }
        #expect(files("checks_enabled") == before.0 && files("scripts_enabled") == before.1)
        #expect(
            readText(folder.path + "/checks_enabled/check_memory.ini") == "# why\ninterval: 5\n")
    }

    @Test func `a file with comments alone is removed`() throws {
        try folder.write("checks_enabled/check_memory.ini", "# why\n\n  ; and so on\r\n")
        #expect(try checks.disable("memory") != .wasSo)
        #expect(files("checks_enabled") == [])
    }

    @Test(arguments: [
        ("memroy", "did you mean memory?"), ("nothing-like-it", "puypuy check list"),
        ("memory@", "not the name of an instance"),
        ("memory@a/../b", "not the name of an instance"),
        ("../x", "no check called"),
    ])
    func `a wrong name is refused, and no file made`(name: String, words: String) throws {
        for change in [checks.enable, checks.disable] {
            let refusal = #expect(throws: CheckSwitch.Refusal.self) { try change(name) }
            #expect(refusal?.isMisuse == true)
            #expect(refusal?.description.contains(words) == true, "\(String(describing: refusal))")
        }
        #expect(files("checks_enabled") == [])
    }

    @Test func `a file that is in the way is not replaced`() throws {
        try folder.write("checks_enabled/check_memory.ini", "interval: 5\n")
        try folder.write("checks_enabled/check_memory.ini.disabled", "interval: 6\n")
        let refusal = #expect(throws: CheckSwitch.Refusal.self) { try checks.disable("memory") }
        #expect(refusal?.isMisuse == false)
        #expect(readText(folder.path + "/checks_enabled/check_memory.ini") == "interval: 5\n")
    }
}
