/// The files of one configuration, put together: what stands where.
///
/// Of a key that stands in several files the last one counts, as in `ConfigParser.read`.
struct SettingsDocument: Sendable, Hashable {
    /// A value and where it stands.
    struct Entry: Sendable, Hashable {
        /// The file, as problems name it.
        var file: String
        /// The section as the file has it.
        var section: String
        /// The key, in lower case.
        var key: String
        /// The text as it stands in the file.
        var value: String
        /// The line of the key, from 1.
        var line: Int
        /// The line that continues the value, when one does.
        var continuationLine: Int?
        /// Whether every user of the host may read the file.
        var isReadableByOthers = false
    }

    /// A section, of all files that have it.
    struct Section: Sendable, Hashable {
        /// The name; empty for keys without a section.
        var name: String
        /// The first file that has it.
        var file: String
        /// The line of its header there.
        var line: Int
        /// The keys, each once.
        var entries: [Entry]

        /// The entry under `key` (lower case).
        func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }
    }

    /// The sections in the order in which they first stand.
    private(set) var sections: [Section] = []

    /// The section called `name`.
    func section(_ name: String) -> Section? { sections.first { $0.name == name } }

    /// The entries that a reader of section `name` sees: its own, and those of `[DEFAULT]` for what
    /// it lacks, as with configparser.
    func entries(_ name: String) -> [Entry] {
        let own = section(name)?.entries ?? []
        let shared = section(SettingsDocument.defaultSection)?.entries ?? []
        return own + shared.filter { candidate in !own.contains { $0.key == candidate.key } }
    }

    /// The section whose keys stand for those that others lack.
    static let defaultSection = "DEFAULT"

    /// Adds a parsed file, and returns its problems. `file` is the name for people.
    mutating func add(
        _ ini: INIFile, file: String, isReadableByOthers: Bool = false
    ) -> [SettingsProblem] {
        for parsed in ini.sections {
            let entries = parsed.entries.map {
                Entry(
                    file: file, section: parsed.name, key: $0.key, value: $0.value, line: $0.line,
                    continuationLine: $0.continuationLine, isReadableByOthers: isReadableByOthers)
            }
            if let index = sections.firstIndex(where: { $0.name == parsed.name }) {
                sections[index].entries.removeAll { old in entries.contains { $0.key == old.key } }
                sections[index].entries += entries
            } else {
                sections.append(
                    Section(name: parsed.name, file: file, line: parsed.line, entries: entries))
            }
        }
        return ini.errors.map {
            SettingsProblem(
                .error, file: file, line: $0.line, section: $0.section, key: $0.key,
                message: $0.message, hint: $0.hint)
        }
    }
}
