import PuyPuyChecks
import TestSupport

@testable import PuyPuyAgent

/// The files beside the tests, and the checks that the tests pretend to have.
enum Fixtures {
    /// The folder of the package.
    static let package = ancestor(of: #filePath, levels: 4)
    /// `Tests/PuyPuyAgentTests/Fixtures`.
    static let folder = ancestor(of: #filePath, levels: 2) + "/Fixtures"

    /// The names of the INI files in a folder of fixtures.
    static func names(in subfolder: String) -> [String] {
        TestSupport.names(inDirectory: folder + "/" + subfolder).filter { $0.hasSuffix(".ini") }
    }

    /// The text of a file.
    static func text(_ path: String) throws -> String {
        String(decoding: try readBytes(path), as: UTF8.self)
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
}
