import PuyPuyBackends
import PuyPuyChecks
import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct ShippedConfigurationTests {
    private let path = Fixtures.package + "/config.ini"

    private func load() -> (settings: Settings?, problems: [SettingsProblem]) {
        Settings.load(
            from: SettingsLocation(label: "config.ini", path: path), checks: Fixtures.checks,
            environment: { _ in nil })
    }

    @Test func `it loads without any problem, and enables the shipped checks`() throws {
        let (settings, problems) = load()
        #expect(problems == [])
        #expect(
            try #require(settings).checks.map(\.name) == [
                "cpustats", "disks", "ipconntrack", "load_average", "memory", "network_bytes",
                "puypuy", "tcpconn",
            ])
        #expect(try #require(settings).checks.allSatisfy { $0.options.isEmpty })
    }

    @Test func `its values are the defaults, and the web server is on`() throws {
        var settings = try #require(load().settings)
        var expected = Settings()
        let folder = Fixtures.package
        expected.configurationPath = path
        expected.folder = folder
        expected.web.isEnabled = true
        expected.pidFile = folder + "/var/puypuy.pid"
        expected.spool.path = folder + "/var/spool.db"
        expected.checksDirectory = folder + "/checks_enabled"
        expected.scriptsDirectory = folder + "/scripts_enabled"
        expected.python.folder = folder
        expected.python.checksFolder = folder + "/checks_enabled"
        settings.checks = []
        settings.effective = []
        settings.python.options = []
        #expect(settings == expected)
    }

    @Test func `an empty configuration has the same values`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_cpustats.ini", "")
        let (loaded, problems) = try folder.load("")
        #expect(problems == [])
        let empty = try #require(loaded)
        let shipped = try #require(load().settings)
        #expect(empty.checkPeriod == shipped.checkPeriod)
        #expect(empty.backends == shipped.backends)
        #expect(empty.logLevel == shipped.logLevel)
        #expect(empty.shutdownTime == shipped.shutdownTime)
        #expect(empty.spool.retain == shipped.spool.retain)
    }

    @Test(arguments: ["SelfConfig", "TSDB", "WebServer"])
    func `it holds every key once, with the default of the table`(_ section: String) throws {
        let table = try #require(SettingTable.all.first { $0.section == section })
        let lines = try sectionLines(section)
        var found: [String: [String]] = [:]
        for line in lines {
            let text = line.hasPrefix(";") ? line.dropFirst() : line[...]
            if text.hasPrefix("#") || text.isEmpty || text.hasPrefix("[") { continue }
            let colon = try #require(text.firstIndex(of: ":"), "\(line)")
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            found[String(text[..<colon]), default: []].append(String(value))
        }
        let keys = table.keys.filter { $0.withoutEffect == nil }
        for key in keys {
            let text = key == WebServerKey.isEnabled ? "yes" : key.defaultText
            #expect(found[key.name] == [text], "\(key.name)")
        }
        #expect(Set(found.keys) == Set(keys.map(\.name)))
    }

    @Test func `it explains the keys of checks`() throws {
        let text = try Fixtures.text(path)
        for key in CheckKey.all where key.withoutEffect == nil {
            #expect(text.contains("#     \(key.name): "), "\(key.name)")
        }
    }

    @Test func `no table has a key twice, and every default is of its form`() {
        for table in SettingTable.all {
            #expect(Set(table.keys.map(\.name)).count == table.keys.count, "\(table.section)")
            for key in table.keys where !key.defaultText.isEmpty {
                let text = key.defaultText
                switch key.form {
                case .flag: #expect(SettingForm.flag(text) != nil, "\(key.name)")
                case .whole(let range): #expect(range.contains(Int(text) ?? .min), "\(key.name)")
                case .seconds(let range):
                    #expect(
                        SettingForm.duration(text, unitSeconds: 1, range: range) != nil,
                        "\(key.name)")
                case .hours(let range):
                    #expect(
                        SettingForm.duration(text, unitSeconds: 3600, range: range) != nil,
                        "\(key.name)")
                case .choice(let words): #expect(words.contains(text), "\(key.name)")
                case .text, .path, .address: break
                }
            }
        }
    }

    @Test func `the choices of the tables are those of the types`() {
        #expect(
            BackendKey.precision.form
                == .choice(BackendConfiguration.Precision.allCases.map(\.rawValue)))
        #expect(
            BackendKey.drainOrder.form
                == .choice(BackendConfiguration.DrainOrder.allCases.map(\.rawValue)))
        #expect(
            SelfConfigKey.durability.form
                == .choice(Durability.allCases.map(\.rawValue)))
        #expect(
            SelfConfigKey.overflow.form == .choice(Overflow.allCases.map(\.rawValue)))
    }

    private func sectionLines(_ section: String) throws -> [String] {
        let lines = try Fixtures.text(path)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let start = try #require(lines.firstIndex(of: "[\(section)]"))
        let end = lines[(start + 1)...].firstIndex { $0.hasPrefix("[") } ?? lines.endIndex
        return Array(lines[(start + 1)..<end])
    }
}
