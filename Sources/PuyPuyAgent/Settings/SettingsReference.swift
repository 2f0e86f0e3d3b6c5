internal import PuyPuyBackends
public import PuyPuyChecks

/// The reference page of the configuration, as Markdown: every section with every key.
///
/// Made from the tables that ``Settings/load(from:checks:environment:)`` reads by, so that page and
/// program cannot say different things. `docs/CONFIGURATION.md` is this text.
public struct SettingsReference: Sendable, CustomStringConvertible {
    private let checks: [CheckDescription]

    /// A page with the options of `checks`.
    public init(checks: [CheckDescription]) { self.checks = checks }

    /// The text, ending in a newline.
    public var description: String {
        let tables = SettingTable.all.map { table in
            section(table) + (table.section == "TSDB" ? types : "")
        }
        return ([Self.head] + tables + [options]).joined(separator: "\n")
    }

    private static let head = """
        # Configuration

        Every section and every key, as `puypuy config check` understands them. This page is what
        `puypuy config reference` prints; `make reference` writes it anew.

        - The configuration is one file, or a folder whose `*.ini` files are read in the order of their
          names; of a key that stands in several of them the last one counts.
        - `key: value` and `key = value` are the same. Keys may be written in any case, sections may not.
        - A line that starts with `#` or `;` is a comment. Behind a value there is none.
        - A section or a key that stands twice in a file is an error.
        - What `[DEFAULT]` holds stands for what another section lacks.
        - Relative paths are relative to the folder of the configuration.
        - `${NAME}` stands for the environment variable NAME. In a value that holds `${`, write `$$`
          for a plain `$`.
        - A key that is left out has its default.

        ```ini
        [SelfConfig]
        cluster_name: shop

        [TSDB]
        tsdtype: InfluxDB
        address: http://127.0.0.1:8086
        database: puypuy

        [TSDB:second]
        tsdtype: Carbon
        address: graphite.example.com:2004

        [WebServer]
        webserver: yes
        ```

        """

    private func section(_ table: SettingTable) -> String {
        let isFile = table.section.hasSuffix(".ini")
        let isBackend = table.section == "TSDB"
        let effective = table.keys.filter { $0.withoutEffect == nil }
        var rows = Rows(
            ["key", "does", "takes", "default", "example"] + (isBackend ? ["for"] : []))
        for key in effective {
            rows.add(
                [
                    code(key.name), key.help, key.form.expectation, code(key.defaultText),
                    code("\(key.name): \(key.exampleText)"),
                ] + (isBackend ? [types(of: key)] : []))
        }
        let title = isFile ? code(table.section) : code("[\(table.section)]")
        return "## \(title)\n\n\(table.summary)\n\n\(rows)" + withoutEffect(table.keys)
    }

    /// The keys that are accepted and do nothing.
    private func withoutEffect(_ keys: [SettingKey]) -> String {
        let obsolete = keys.filter { $0.withoutEffect != nil }
        if obsolete.isEmpty { return "" }
        var rows = Rows(["of existing configurations", "why"])
        for key in obsolete { rows.add([code(key.name), key.help]) }
        return "\n\(rows)"
    }

    /// Which types of backend a key is for.
    private func types(of key: SettingKey) -> String {
        let types = BackendType.allCases.filter { BackendKey.effective(for: $0).contains(key) }
        let sending = BackendType.allCases.filter(\.hasSender)
        if types.count == BackendType.allCases.count { return "all" }
        if types == sending { return "all that send" }
        if types == sending.filter({ $0 != .carbon }) { return "all over HTTP" }
        return types.map(\.rawValue).joined(separator: ", ")
    }

    /// What each type of backend cannot do without.
    private var types: String {
        var rows = Rows(["`tsdtype`", "needs"])
        for type in BackendType.allCases {
            let required = BackendKey.required(for: type).map { code($0.name) }
            rows.add([code(type.rawValue), required.joined(separator: ", ")])
        }
        return "\n\(rows)"
    }

    /// The options of every built-in check.
    private var options: String {
        var rows = Rows(["check", "section", "option", "does", "takes", "default"])
        for check in checks.sorted(by: { $0.name < $1.name }) {
            let section = check.section.map { code("[\($0)]") } ?? ""
            let options = check.options.filter { !$0.isObsolete }
            if options.isEmpty { rows.add([code(check.name), section, "", "", "", ""]) }
            for option in options {
                rows.add([
                    code(check.name), section,
                    option.key == "*" ? "any" : code(option.key), option.help,
                    option.form.expectation, code(option.defaultText),
                ])
            }
        }
        return """
            ## The options of checks

            They stand in the file `checks_enabled/check_NAME.ini`, without a section or under the name
            of the check, or in the configuration under the section of the check. The file wins.


            """ + rows.description
    }

    private func code(_ text: String) -> String { text.isEmpty ? "" : "`\(text)`" }
}

/// A table of Markdown.
private struct Rows: CustomStringConvertible {
    private(set) var description: String

    init(_ titles: [String]) {
        description = ""
        add(titles)
        description += "|" + titles.map { _ in "---|" }.joined() + "\n"
    }

    mutating func add(_ cells: [String]) {
        let texts = cells.map { cell in
            cell.isEmpty
                ? ""
                : " "
                    + cell.split(separator: "|", omittingEmptySubsequences: false)
                    .joined(separator: "\\|")
        }
        description += "|" + texts.map { $0 + " |" }.joined() + "\n"
    }
}
