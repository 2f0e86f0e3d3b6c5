internal import ArgumentParser
internal import Glibc
internal import PuyPuyAgent

/// `puypuy check new …`
struct NewCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a commented, working check to start from.",
        subcommands: [Python.self, Script.self])

    /// `puypuy check new python`
    struct Python: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write checks_enabled/check_NAME.py, a Python module.",
            discussion: """
                EXAMPLES:
                  puypuy check new python orders && puypuy check run orders --again 2s
                """)

        @Argument(help: "Letters, digits and underscores.")
        var name: String

        @OptionGroup var configurationOption: ConfigurationOption

        func run() throws {
            let folder = try configurationOption.load().checksDirectory
            try NewCheckCommand.write(
                CheckTemplate.python(name), to: "\(folder)/check_\(name).py", mode: 0o644,
                name: name)
        }
    }

    /// `puypuy check new script`
    struct Script: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write scripts_enabled/check_NAME.sh, a script.",
            discussion: """
                EXAMPLES:
                  puypuy check new script orders && puypuy check run orders --again 2s
                """)

        @Argument(help: "Letters, digits and underscores.")
        var name: String

        @OptionGroup var configurationOption: ConfigurationOption

        func run() throws {
            let folder = try configurationOption.load().scriptsDirectory
            try NewCheckCommand.write(
                CheckTemplate.script(name), to: "\(folder)/check_\(name).sh", mode: 0o755,
                name: name)
        }
    }

    /// Makes the file, and its folder when that is missing. Never replaces one.
    private static func write(
        _ text: String, to path: String, mode: mode_t, name: String
    ) throws {
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                    || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            }
        guard isName else {
            throw Failure.misused(
                "\"\(name)\" is not a name for a check: use letters, digits and underscores")
        }
        if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o755) }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else {
            throw Failure.failed("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw Failure.failed("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        Terminal.write("\(path)\nTry it: puypuy check run \(name) --again 2s\n")
    }
}
