/// The effective settings in INI form, each with where it comes from; secrets are masked.
///
/// The text of `config show`. It reads back as a configuration but for the secrets, and for checks,
/// whose keys belong into their files: `[check_NAME]`.
public struct SettingsReport: Sendable, Hashable, CustomStringConvertible {
    /// The settings, in the order in which they are shown.
    public let settings: [EffectiveSetting]

    /// A report of `settings`.
    public init(_ settings: Settings) {
        self.settings = settings.effective
    }

    /// The text, ending in a newline.
    public var description: String {
        var text = ""
        for section in sections() {
            if !text.isEmpty { text += "\n" }
            text += "[\(section)]\n"
            for setting in settings where setting.section == section {
                text += "; \(SettingsReport.text(of: setting.source))\n"
                let value = setting.text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { LogLine.escapingControls(String($0)) }
                    .joined(separator: "\n    ")
                text += value.isEmpty ? "\(setting.key):\n" : "\(setting.key): \(value)\n"
            }
        }
        return text
    }

    private func sections() -> [String] {
        var sections: [String] = []
        for setting in settings where !sections.contains(setting.section) {
            sections.append(setting.section)
        }
        return sections
    }

    private static func text(of source: EffectiveSetting.Source) -> String {
        switch source {
        case .defaulted: "default"
        case .file(let file, let line): "\(file):\(line)"
        }
    }
}
