extension SectionReader {
    /// Reports keys that no table knows, and those that have no effect.
    mutating func checkKeys(_ known: [SettingKey]) {
        let names = known.map(\.name)
        // What `[DEFAULT]` offers is for any section, so what one has no use for is no mistake.
        for entry in entries where entry.section != SettingsDocument.defaultSection {
            if let key = known.first(where: { $0.name == entry.key }) {
                if let reason = key.withoutEffect { report(.notice, key, reason) }
                continue
            }
            let nearest = NearestName.nearest(to: entry.key, among: names)
            report([
                SettingsProblem(
                    .error, file: entry.file, line: entry.line, section: entry.section,
                    key: entry.key, message: "unknown key",
                    hint: nearest.map { "did you mean \($0)?" })
            ])
        }
    }
}
