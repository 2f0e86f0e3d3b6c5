internal import PuyPuyBackends
internal import PuyPuyChecks

/// The `config.ini` that the files of an older PuyPuy make: what still has an effect, section by
/// section, of equal keys the last one as there.
struct ImportedConfiguration {
    private(set) var text: String
    /// What is not in it, or not as it was.
    private(set) var remarks: [ImportPlan.Remark] = []
    private let hasModules: Bool

    /// The configuration that `document` makes. Modules read sections of their own, so with any
    /// `hasModules` all sections stay.
    init(_ document: SettingsDocument, hasModules: Bool, spoolPath: String?) {
        self.hasModules = hasModules
        text = """
            # Imported from the configuration of an older PuyPuy. Keys that it does not have are in the
            # config.ini that comes with this one; puypuy config show says what is in effect.

            """
        for section in document.sections where isRead(section.name) {
            text += "\n[\(section.name)]\n"
            for entry in section.entries { add(entry) }
            if section.name == "SelfConfig", let spoolPath { add("spool_path", spoolPath) }
        }
        if document.section("SelfConfig") == nil, let spoolPath {
            text += "\n[SelfConfig]\n"
            add("spool_path", spoolPath)
        }
    }

    private mutating func isRead(_ section: String) -> Bool {
        let isOurs =
            ["SelfConfig", "TSDB", "WebServer", SettingsDocument.defaultSection].contains(section)
            || section.hasPrefix("TSDB:") || section.hasPrefix("check_")
            || CheckSet.builtIn.contains { $0.section == section }
        if !isOurs && !hasModules {
            remarks.append(
                ImportPlan.Remark(
                    subject: "[\(section)]", reason: "no check that is enabled reads it"))
        }
        return isOurs || hasModules
    }

    private mutating func add(_ entry: SettingsDocument.Entry) {
        let subject = "\(entry.file):\(entry.line): [\(entry.section)] \(entry.key)"
        func left(_ reason: String) {
            remarks.append(ImportPlan.Remark(subject: subject, reason: reason))
        }
        if let reason = withoutEffect(entry) { return left(reason) }
        switch (entry.section, entry.key) {
        case ("SelfConfig", "log_file") where ImportedConfiguration.isTemporary(entry.value):
            left("anybody can write to \(entry.value); without log_file the journal has the log")
        case ("SelfConfig", "pid_file") where ImportedConfiguration.isTemporary(entry.value):
            left("anybody can write to \(entry.value); the default place is used")
        case ("TSDB", "tsdtype") where ImportedConfiguration.type(entry.value) == nil:
            left(
                "\(entry.value) is not supported: the points stay in the spool until you name"
                    + " another")
            add("tsdtype", BackendType.local.rawValue)
        case ("TSDB", "address") where entry.value.hasPrefix("https:"):
            left("it stays; the certificate is verified now, see ca_file")
            add(entry.key, entry.value)
        default: add(entry.key, entry.value)
        }
    }

    private mutating func add(_ key: String, _ value: String) {
        text +=
            "\(key): "
            + value.split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\n    ") + "\n"
    }

    private func withoutEffect(_ entry: SettingsDocument.Entry) -> String? {
        SettingTable.all.first { $0.section == entry.section }?
            .keys.first { $0.name == entry.key }?.withoutEffect
    }

    private static func type(_ name: String) -> BackendType? {
        BackendType.allCases.first { $0.rawValue.lowercased() == name.lowercased() }
    }

    private static func isTemporary(_ path: String) -> Bool {
        path.hasPrefix("/tmp/") || path.hasPrefix("/var/tmp/")
    }
}
