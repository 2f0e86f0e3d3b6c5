import PuyPuyBackends
import PuyPuyChecks
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct SettingsReferenceTests {
    private static let page = SettingsReference(checks: CheckSet.builtIn).description

    @Test func `every key has a row with its meaning, its form, its default and an example`() {
        let lines = Self.page.split(separator: "\n")
        for table in SettingTable.all {
            for key in table.keys {
                guard let row = lines.first(where: { $0.hasPrefix("| `\(key.name)` |") }) else {
                    Issue.record("[\(table.section)] \(key.name)")
                    continue
                }
                #expect(row.contains(key.help), "\(key.name)")
                if key.withoutEffect != nil { continue }
                #expect(!key.exampleText.isEmpty, "\(key.name)")
                #expect(row.contains("`\(key.name): \(key.exampleText)`"), "\(key.name)")
                #expect(row.contains(key.form.expectation), "\(key.name)")
                if !key.defaultText.isEmpty {
                    #expect(row.contains("| `\(key.defaultText)` |"), "\(key.name)")
                }
            }
        }
    }

    @Test func `every option of a check has a row`() {
        for check in CheckSet.builtIn {
            #expect(Self.page.contains("\n| `\(check.name)` |"), "\(check.name)")
            for option in check.options where !option.isObsolete {
                #expect(Self.page.contains("| \(option.help) |"), "\(check.name) \(option.key)")
            }
        }
    }

    @Test(arguments: [
        ("database", "InfluxDB, InfluxDB3"), ("organization", "InfluxDB2"),
        ("max_creates_per_minute", "Carbon"), ("tsdtype", "all"), ("proxy", "all that send"),
        ("pass_file", "all over HTTP"),
    ])
    func `a key of destinations says for which of them it is`(_ key: String, _ types: String) {
        let row = Self.page.split(separator: "\n").first { $0.hasPrefix("| `\(key)` |") }
        #expect(row?.hasSuffix("| \(types) |") == true, "\(row ?? "")")
    }

    @Test func `every row of a table has as many cells as its head`() {
        var columns: Int?
        for line in Self.page.split(separator: "\n", omittingEmptySubsequences: false) {
            if !line.hasPrefix("|") {
                columns = nil
                continue
            }
            let count = line.replacing("\\|", with: "").count { $0 == "|" }
            #expect(columns ?? count == count, "\(line)")
            columns = count
        }
    }

    @Test func `every example is taken as it stands`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("scripts_enabled/check_users.sh", "#!/bin/sh\n", mode: 0o755)
        for table in SettingTable.all {
            for key in table.keys where key.withoutEffect == nil {
                var line = "\(key.name): \(key.exampleText)\n"
                if case .path = key.form, key.exampleText.hasPrefix("/etc/") {
                    let name = "etc/" + key.exampleText.split(separator: "/").last!
                    try folder.write(name, "secret\n")
                    line = "\(key.name): \(name)\n"
                }
                if key == SelfConfigKey.rootPath { line = "\(key.name): \(folder.path)\n" }
                let loaded: (settings: Settings?, problems: [SettingsProblem])
                let environment = [
                    "INFLUX_PASSWORD": "p", "INFLUX_TOKEN": "t", "PUYPUY_APIKEY": "k",
                ]
                switch table.section {
                case "TSDB":
                    loaded = try folder.load(Self.destination(key) + line, environment: environment)
                case "check_NAME.ini":
                    try folder.write("checks_enabled/check_cpustats.ini", line)
                    loaded = try folder.load("[TSDB]\ntsdtype: Local\n", environment: environment)
                default:
                    try folder.write("checks_enabled/check_cpustats.ini", "")
                    loaded = try folder.load(
                        "[TSDB]\ntsdtype: Local\n[\(table.section)]\n" + line,
                        environment: environment)
                }
                let problems = loaded.problems.filter {
                    $0.key == key.name && $0.hint?.contains("ca_file") != true
                }
                #expect(problems == [], "\(key.name)")
                #expect(loaded.settings != nil, "\(key.name)")
            }
        }
    }

    /// A `[TSDB]` of a type that `key` is for, with all that it needs besides `key`.
    private static func destination(_ key: SettingKey) -> String {
        let type = BackendType.allCases.first { BackendKey.effective(for: $0).contains(key) }!
        if key == BackendKey.type {
            return "[TSDB]\naddress: http://127.0.0.1:8086\ndatabase: puypuy\n"
        }
        var keys = ["tsdtype: \(type.rawValue)"]
        for required in BackendKey.required(for: type) where required != key {
            keys.append(
                required == BackendKey.address && type == .carbon
                    ? "address: graphite.example.com" : "\(required.name): \(required.exampleText)")
        }
        switch key {
        case BackendKey.user: keys.append("pass: p")
        case BackendKey.password, BackendKey.passwordFile: keys.append("user: u")
        case BackendKey.auth: keys += ["user: u", "pass: p"]
        case BackendKey.clientKey: keys.append("client_cert: etc/client.key")
        default: break
        }
        return "[TSDB]\n" + keys.joined(separator: "\n") + "\n"
    }
}
