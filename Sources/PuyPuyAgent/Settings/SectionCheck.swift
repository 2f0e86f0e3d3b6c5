internal import PuyPuyChecks

/// Says which sections of a configuration nothing reads.
enum SectionCheck {
    /// Adds a problem for every section that has no effect. A section whose name is nearly that of
    /// one that matters is an error, since all of its keys would silently not count.
    static func check(
        _ document: SettingsDocument, checks: [CheckDescription], programs: [EnabledProgram],
        to problems: inout [SettingsProblem]
    ) {
        let daemon = ["SelfConfig", "TSDB", "WebServer"]
        let known = Set(
            daemon + [SettingsDocument.defaultSection] + checks.compactMap(\.section)
                + programs.map { "check_\($0.name)" })
        // A module may read any section.
        let hasModules = programs.contains { $0.kind == .module }
        for section in document.sections where !section.name.isEmpty {
            if known.contains(section.name) || section.name.hasPrefix("TSDB:") { continue }
            let meant = destination(section.name)
            let nearest =
                meant
                ?? NearestName.nearest(
                    to: section.name, among: daemon + known.subtracting(daemon).sorted())
            let matters = meant != nil || nearest.map { daemon.contains($0) } ?? false
            if hasModules && !matters { continue }
            problems.append(
                SettingsProblem(
                    matters ? .error : nearest == nil ? .notice : .warning, file: section.file,
                    line: section.line, section: section.name,
                    message: nearest == nil
                        ? "nothing in this release reads this section" : "unknown section",
                    hint: nearest.map { "did you mean [\($0)]?" }))
        }
    }

    /// The section of a destination that was meant by one like `[tsdb:NAME]` or `[TSDB NAME]`.
    private static func destination(_ name: String) -> String? {
        let prefix = "TSDB"
        let rest = name.dropFirst(prefix.count)
        guard name.uppercased().hasPrefix(prefix), let first = rest.first,
            !first.isLetter && !first.isNumber
        else { return nil }
        return prefix + ":" + rest.drop { !$0.isLetter && !$0.isNumber }
    }
}
