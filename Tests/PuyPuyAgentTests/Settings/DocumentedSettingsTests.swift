import PuyPuyChecks
import TestSupport
import Testing

@testable import PuyPuyAgent

/// The configurations that the documentation shows, each as a reader would take it over.
///
/// A block with a section of the daemon is a whole configuration. One without a section continues the
/// first block of its page when its keys are those of a destination. Any other is the file of a check,
/// `check_NAME.ini`, that the text above it names, or else the heading.
@Suite struct DocumentedSettingsTests {
    private static let pages =
        ["README.md", "packaging/monitoring/README.md"]
        + names(inDirectory: Fixtures.package + "/docs").filter { $0.hasSuffix(".md") }
        .map { "docs/" + $0 }

    /// What stands between ```` ```ini ```` and the end of the fence.
    struct Block: Sendable, CustomTestStringConvertible {
        let page: String
        let line: Int
        /// The check whose file the text above it names, or the words of the heading.
        let check: String
        let text: String
        /// The first block of the same page; `nil` for itself.
        let first: String?

        var testDescription: String { "\(page):\(line)" }
        var hasSection: Bool { text.hasPrefix("[") || text.contains("\n[") }
        var isConfiguration: Bool {
            let sections = INIFile(text, allowsHeaderless: true).sections.map(\.name)
            return sections.contains { name in
                ["SelfConfig", "TSDB", "WebServer"].contains { name.hasPrefix($0) }
            }
        }
        var keys: [String] {
            INIFile(text, allowsHeaderless: true).sections.flatMap(\.entries).map(\.key)
        }
    }

    private static let blocks = pages.flatMap { blocks(of: $0) }

    private static func blocks(of page: String) -> [Block] {
        var blocks: [Block] = []
        var check = ""
        var open: (line: Int, lines: [Substring])?
        var isFenced = false
        let lines = readText(Fixtures.package + "/" + page)
            .split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in zip(1..., lines) {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(
                        Block(
                            page: page, line: block.line, check: check,
                            text: block.lines.joined(separator: "\n") + "\n",
                            first: blocks.first?.text))
                }
                isFenced.toggle()
                open = isFenced && line == "```ini" ? (number, []) : nil
            } else if open != nil {
                open?.lines.append(line)
            } else if !isFenced, line.hasPrefix("#") {
                check = String(line.drop { $0 == "#" || $0 == " " })
            } else if !isFenced, let file = line.matches(of: /check_([a-z0-9_]+)\.ini/).last {
                check = String(file.1)
            }
        }
        return blocks
    }

    @Test(arguments: blocks)
    func `a configuration that a page shows is good as it stands`(_ block: Block) throws {
        let folder = try TemporaryDirectory()
        let destination = Set(BackendKey.all.map(\.name))
        var configuration = ""
        var check = (name: "memory", text: "")
        if block.isConfiguration {
            configuration = try withSecrets(block.text, in: folder)
        } else if !block.hasSection, let first = block.first, destination.isSuperset(of: block.keys)
        {
            configuration = try withSecrets(first + block.text, in: folder)
        } else {
            try #require(!block.check.contains(" "), "a block of no check: \(block.check)")
            check = (block.check, block.text)
            // Another check's file stands beside a module.
            if !CheckSet.builtIn.contains(where: { $0.name == block.check }) {
                try folder.write("checks_enabled/check_\(block.check).py", "")
            }
        }
        try folder.write("checks_enabled/check_\(check.name).ini", check.text)
        let (settings, problems) = try folder.loadBuiltIn(configuration)
        #expect(problems.lines == [])
        #expect(settings != nil)
    }

    /// `text`, whose files with secrets and certificates are made and are in `folder` then.
    private func withSecrets(_ text: String, in folder: TemporaryDirectory) throws -> String {
        let files = (BackendKey.all + WebServerKey.all).filter { $0.form == .path }.map(\.name)
        let lines = try text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard let colon = line.firstIndex(of: ":"), files.contains(String(line[..<colon]))
            else { return String(line) }
            let name = line.split { " /".contains($0) }.last!
            try folder.write(String(name), "secret\n")
            return "\(line[...colon]) \(name)"
        }
        return lines.joined(separator: "\n")
    }

    @Test func `the configuration of the DaemonSet is good as it stands`() throws {
        let lines = readText(Fixtures.package + "/packaging/container/daemonset.yaml")
            .split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "  config.ini: |"))
        let indentation = "    "
        let text = lines[(start + 1)...].prefix { $0.isEmpty || $0.hasPrefix(indentation) }
            .map { String($0.dropFirst(indentation.count)) }.joined(separator: "\n")
        let folder = try TemporaryDirectory()
        try folder.write("checks_enabled/check_memory.ini", "")
        try folder.write("scripts_enabled/check_users.sh", "#!/bin/sh\n", mode: 0o755)
        #expect(text.contains("/etc/puypuy/"))
        let (settings, problems) = try folder.loadBuiltIn(
            text.replacing("/etc/puypuy/", with: folder.path + "/")
                .replacing("root_path: /host", with: "root_path: \(folder.path)"))
        #expect(problems.lines == [])
        #expect(settings != nil)
    }

    @Test func `every page of a database shows a configuration`() {
        let pages = Set(Self.blocks.map(\.page))
        for page in [
            "README.md", "docs/INFLUXDB.md", "docs/INFLUXDB2.md", "docs/INFLUXDB3.md",
            "docs/OPENTSDB.md", "docs/KAIROSDB.md", "docs/CARBON.md", "docs/REMOTE_WRITE.md",
            "docs/PROMETHEUS.md", "docs/WEB.md", "docs/CHECKS.md",
        ] {
            #expect(pages.contains(page), "\(page)")
        }
    }

    @Test func `a configuration that a page shows is marked as one`() {
        for page in Self.pages {
            let lines = readText(Fixtures.package + "/" + page)
                .split(separator: "\n", omittingEmptySubsequences: false)
            var fence: Substring?
            for (number, line) in zip(1..., lines) {
                if line.hasPrefix("```") {
                    fence = fence == nil ? line : nil
                } else if fence != nil, line.hasPrefix("[TSDB") || line == "[WebServer]" {
                    #expect(fence == "```ini", "\(page):\(number)")
                }
            }
        }
    }
}

extension TemporaryDirectory {
    /// Writes `config.ini` and reads it with the checks that there are; every variable of the
    /// environment is set.
    fileprivate func loadBuiltIn(
        _ text: String
    ) throws -> (settings: Settings?, problems: [SettingsProblem]) {
        try write("config.ini", text)
        return Settings.load(
            from: SettingsLocation(label: "config.ini", path: path + "/config.ini"),
            checks: CheckSet.builtIn, environment: { _ in "set" })
    }
}
