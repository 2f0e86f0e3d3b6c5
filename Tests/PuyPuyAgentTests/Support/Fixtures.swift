import Glibc
import PuyPuyChecks

@testable import PuyPuyAgent

/// The files beside the tests, and the checks that the tests pretend to have.
enum Fixtures {
    /// The folder of the package.
    static let package = SettingsFolder.absolute(".", in: ancestor(of: #filePath, levels: 4))
    /// `Tests/PuyPuyAgentTests/Fixtures`.
    static let folder = ancestor(of: #filePath, levels: 2) + "/Fixtures"

    /// The names of the INI files in a folder of fixtures.
    static func names(in subfolder: String) -> [String] {
        let names = (try? SettingsFolder.names(in: folder + "/" + subfolder)) ?? []
        return names.filter { $0.hasSuffix(".ini") }
    }

    /// The text of a file.
    static func text(_ path: String) throws -> String {
        String(decoding: try SettingsFolder.read(path).bytes, as: UTF8.self)
    }

    /// Stand-ins for built-in checks, with options of every form.
    static let checks: [CheckDescription] = [
        check(
            "cpustats", section: "CPU Stats",
            options: [
                CheckOption(
                    key: "percore_stats", form: .flag, defaultText: "False", help: "Per core.")
            ]),
        check("load_average", section: "Load Average"),
        check("memory", section: "Memory Stats"),
        check("disks", section: "Disk Stats"),
        check(
            "network_bytes", section: "Network Stats",
            options: [
                CheckOption(key: "localhost", form: .flag, defaultText: "no", help: "With lo."),
                CheckOption(key: "rated", form: .flag, defaultText: "yes", help: "As rates."),
            ]),
        check("tcpconn", section: nil), check("ipconntrack", section: nil),
        check("puypuy", section: nil),
        check(
            "openfiles", section: "Open Files",
            options: [CheckOption(key: "*", form: .text, defaultText: "", help: "A label.")]),
        check(
            "redis", section: "Redis",
            options: [
                CheckOption(key: "host", form: .text, defaultText: "127.0.0.1", help: "Host."),
                CheckOption(key: "port", form: .number, defaultText: "6379", help: "Port."),
                CheckOption(key: "pass", form: .text, defaultText: "", help: "Password."),
            ]),
    ]

    private struct Silent: Check {
        func collect(into sample: inout Sample) async throws {}
    }

    private struct Refusal: Error, CustomStringConvertible {
        var description: String { "host: refused by the check itself" }
    }

    private static func check(
        _ name: String, section: String?, options: [CheckOption] = []
    ) -> CheckDescription {
        CheckDescription(name: name, section: section, summary: name, options: options) { context in
            if context.options["host"] == "refused" { throw Refusal() }
            return Silent()
        }
    }

    private static func ancestor(of path: String, levels: Int) -> String {
        (0..<levels).reduce(path) { path, _ in SettingsFolder.parent(of: path) }
    }
}

/// A folder that is there as long as the value is.
final class TemporaryFolder {
    /// Absolute.
    let path: String

    init() {
        var template = Array("/tmp/puypuy-agent-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "cannot make a temporary folder")
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { TemporaryFolder.remove(path) }

    /// Writes a file, and the folders that it is in.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) -> String {
        let file = path + "/" + name
        var folder = path
        for part in name.split(separator: "/").dropLast() {
            folder += "/" + part
            mkdir(folder, 0o700)
        }
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode)
        precondition(descriptor >= 0, "cannot write \(file)")
        defer { close(descriptor) }
        fchmod(descriptor, mode)
        let bytes = Array(text.utf8)
        precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        return file
    }

    /// Writes `config.ini` and reads it, with the files that are there already.
    func load(
        _ text: String, environment: [String: String] = [:]
    ) -> (settings: Settings?, problems: [SettingsProblem]) {
        write("config.ini", text)
        return Settings.load(
            from: SettingsLocation(label: "config.ini", path: path + "/config.ini"),
            checks: Fixtures.checks, environment: { environment[$0] })
    }

    /// Writes `config.ini` with this `[TSDB]` of type InfluxDB, and reads it.
    func loadInflux(
        _ keys: String, environment: [String: String] = [:]
    ) -> (settings: Settings?, problems: [SettingsProblem]) {
        write("checks_enabled/check_cpustats.ini", "")
        let address = keys.contains("address:") ? "" : "address: http://127.0.0.1:8086\n"
        return load(
            "[TSDB]\ntsdtype: InfluxDB\ndatabase: metrics\n\(address)\(keys)\n",
            environment: environment)
    }

    private static func remove(_ path: String) {
        if SettingsFolder.kind(path) == .folder {
            for name in (try? SettingsFolder.names(in: path)) ?? [] { remove(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
