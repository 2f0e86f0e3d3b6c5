internal import PuyPuyChecks

extension CheckOption.Form {
    /// What is expected, as a problem and the reference page say it.
    var expectation: String {
        switch self {
        case .text: SettingForm.text.expectation
        case .flag: SettingForm.flag.expectation
        case .number: "a number"
        }
    }
}

/// Reads the options of a built-in check.
enum CheckOptionsReader {
    /// The options that stand there, variables put in, each of its form; problems go to `reader`.
    ///
    /// A key that the check does not know is an error in the check's own file, and a warning in its
    /// section of the configuration, which existing configurations share with older checks.
    static func read(
        of description: CheckDescription, from reader: inout SectionReader
    ) -> [String: String] {
        let names = description.options.map(\.key)
        let takesAnyKey = names.contains("*")
        var options: [String: String] = [:]
        for entry in reader.entries {
            let option = description.options.first { $0.key == entry.key }
            let common = CheckKey.all.first { $0.name == entry.key }
            if option == nil, let common {
                if let reason = common.withoutEffect { reader.report(.notice, common, reason) }
                continue
            }
            // What `[DEFAULT]` offers is for any section, so what one has no use for is no mistake.
            let isShared = entry.section == SettingsDocument.defaultSection
            if option == nil && (!takesAnyKey || isShared) {
                if !isShared { reportUnknown(entry, of: description, to: &reader) }
                continue
            }
            guard let text = reader.expanded(entry) else { continue }
            if let form = option?.form, !isOf(form, text) {
                reader.report([
                    SettingsProblem(
                        .error, file: entry.file, line: entry.line, section: entry.section,
                        key: entry.key, found: SecretText.isSecret(entry.key) ? nil : text,
                        message: text.isEmpty ? "empty" : "not understood",
                        expected: form.expectation)
                ])
                continue
            }
            options[entry.key] = text
        }
        record(options, of: description, in: &reader)
        return options
    }

    private static func isOf(_ form: CheckOption.Form, _ text: String) -> Bool {
        switch form {
        case .text: true
        case .flag: SettingForm.flag(text) != nil
        case .number: Double(text)?.isFinite == true
        }
    }

    private static func reportUnknown(
        _ entry: SettingsDocument.Entry, of description: CheckDescription,
        to reader: inout SectionReader
    ) {
        let isOwn = entry.file == reader.file
        let names = description.options.map(\.key) + CheckKey.all.map(\.name)
        let nearest = NearestName.nearest(to: entry.key, among: names)
        reader.report([
            SettingsProblem(
                isOwn ? .error : .warning, file: entry.file, line: entry.line,
                section: entry.section, key: entry.key,
                message: "unknown key of the check \(description.name)",
                hint: nearest.map { "did you mean \($0)?" })
        ])
    }

    private static func record(
        _ options: [String: String], of description: CheckDescription,
        in reader: inout SectionReader
    ) {
        let described = description.options.map(\.key).filter { $0 != "*" }
        let others = options.keys.filter { !described.contains($0) }.sorted()
        for key in described + others {
            let text =
                options[key] ?? description.options.first { $0.key == key }?.defaultText ?? ""
            let entry = options[key] == nil ? nil : reader.entries.first { $0.key == key }
            reader.record(
                key,
                text: SecretText.isSecret(key) && !text.isEmpty
                    ? SecretText.mask : SecretText.maskingCredentials(text),
                entry: entry)
        }
    }
}
