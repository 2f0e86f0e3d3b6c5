import TestSupport
import Testing

/// The commands that the documentation names.
@Suite struct DocumentedCommandTests {
    private static let files =
        ["README.md", "packaging/monitoring/README.md"]
        + names(inDirectory: Installation.project + "/docs").filter { $0.hasSuffix(".md") }
        .map { "docs/" + $0 }

    /// What stands in code: whole lines between fences, and parts of lines between backticks.
    private static func code(in text: String) -> [Substring] {
        var isFenced = false
        var code: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isFenced.toggle()
            } else if isFenced {
                code.append(line.prefix { $0 != "#" })
            } else {
                let parts = line.split(separator: "`", omittingEmptySubsequences: false)
                code += parts.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            }
        }
        return code
    }

    /// The names of commands behind `puypuy`, at most two: `spool`, `inspect`.
    private static func commands(in code: Substring) -> [[String]] {
        // In a drawing there are more blanks between two words.
        let words = code.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        return words.indices.filter { words[$0] == "puypuy" }.compactMap { index in
            let names = words[(index + 1)...].prefix(2)
                .prefix { !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isLowercase } }
            // "puypuy is healthy" is what the status says.
            return names.isEmpty || names.first == "is" ? nil : Array(names)
        }
    }

    private static let all: Set<[String]> = Set(
        files.flatMap { code(in: readText(Installation.project + "/" + $0)) }
            .flatMap(commands))

    /// The subcommands that the help of `command` lists.
    private func subcommands(of command: [String]) throws -> Set<String> {
        let folder = try TemporaryDirectory()
        let help = try ChildProcess(
            Installation.program, command + ["--help"], log: folder.path + "/log")
        try #require(help.waitForEnd(within: .seconds(60)))
        let text = readText(folder.path + "/log")
        guard let start = text.firstRange(of: "SUBCOMMANDS:") else { return [] }
        let lines = text[start.upperBound...].split(separator: "\n")
        return Set(
            lines.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
                .compactMap { $0.split(separator: " ").first.map(String.init) }
                .filter { $0.allSatisfy(\.isLowercase) })
    }

    @Test func `every command that the documentation names is there`() throws {
        let first = try subcommands(of: [])
        #expect(first.count >= 6)
        #expect(Self.all.count >= 15)
        for (name, commands) in Dictionary(grouping: Self.all, by: { $0[0] }) {
            #expect(first.contains(name), "puypuy \(name)")
            let second = try subcommands(of: [name])
            // Without subcommands the second word is an argument.
            for command in commands where command.count > 1 && !second.isEmpty {
                #expect(second.contains(command[1]), "puypuy \(name) \(command[1])")
            }
        }
    }
}
