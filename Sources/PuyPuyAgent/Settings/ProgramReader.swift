internal import Glibc
internal import PuyPuyChecks

/// Reads what the configuration says about the modules and programs of the checks folder: the
/// section `[check_NAME]`, and `check_NAME.ini` beside the file, which wins.
///
/// Both may hold further keys, and the file further sections: they are the module's own, and it
/// asks for them with `getparam`.
struct ProgramReader {
    let folder: CheckFolder
    /// The names in the folder.
    let names: [String]

    /// Reads all programs of the folder.
    func read(into reading: inout CheckFolder.Reading) {
        for fileName in names {
            guard let (name, kind) = EnabledProgram.named(fileName) else { continue }
            let path = folder.path + "/" + fileName
            guard SettingsFolder.kind(path) == .file else {
                if SettingsFolder.kind(path) == .nothing {
                    warn("not run: it is a link to nothing", fileName, into: &reading)
                }
                continue
            }
            if kind == .resident && access(path, X_OK) != 0 {
                warn(
                    "not run: it is not executable", fileName, hint: "chmod +x \(path)",
                    into: &reading)
                continue
            }
            if let other = reading.programs.first(where: { $0.name == name }) {
                warn("not run: \(other.file) is the check \(name)", fileName, into: &reading)
                continue
            }
            read(name, kind, path: path, fileName: fileName, into: &reading)
        }
    }

    /// The programs' names, of which a file `check_NAME.ini` holds the settings.
    static func programNames(_ names: [String]) -> Set<String> {
        Set(names.compactMap { EnabledProgram.named($0)?.name })
    }

    private func read(
        _ name: String, _ kind: EnabledProgram.Kind, path: String, fileName: String,
        into reading: inout CheckFolder.Reading
    ) {
        let section = "check_\(name)"
        let file = folder.label + "/" + fileName
        var entries = folder.document.section(section)?.entries ?? []
        let iniName = section + ".ini"
        if names.contains(iniName) {
            let label = folder.label + "/" + iniName
            var parsed = SettingsDocument()
            do {
                let content = try SettingsFolder.read(folder.path + "/" + iniName)
                let ini = INIFile(bytes: content.bytes, allowsHeaderless: true)
                reading.problems += parsed.add(ini, file: label)
            } catch {
                reading.problems.append(
                    SettingsProblem(
                        .error, file: label, message: "cannot be read: \(error.message)"))
            }
            for own in parsed.sections {
                let isProgram = own.name.isEmpty || own.name == section || own.name == name
                if isProgram {
                    entries =
                        own.entries
                        + entries.filter { old in
                            !own.entries.contains { $0.key == old.key }
                        }
                }
                reading.moduleOptions += options(own.entries, of: isProgram ? section : own.name)
            }
        }
        var reader = SectionReader(
            title: section, file: file, entries: entries, surroundings: folder.surroundings)
        let interval = reader.duration(CheckKey.interval, otherwise: folder.period)
        let timeout = reader.duration(
            CheckKey.timeout, otherwise: ScheduledCheck.defaultTimeout(for: interval))
        reading.problems += reader.problems
        reading.effective += reader.effective
        reading.programs.append(
            EnabledProgram(
                name: name, kind: kind, path: path, interval: interval, timeout: timeout,
                file: file))
    }

    private func options(
        _ entries: [SettingsDocument.Entry], of section: String
    ) -> [PythonConfiguration.Option] {
        entries.map {
            PythonConfiguration.Option(
                section: section, key: $0.key, text: folder.expandedOrPlain($0.value))
        }
    }

    private func warn(
        _ message: String, _ fileName: String, hint: String? = nil,
        into reading: inout CheckFolder.Reading
    ) {
        reading.problems.append(
            SettingsProblem(
                .warning, file: folder.label + "/" + fileName, message: message, hint: hint))
    }
}

extension CheckFolder {
    /// `text` with its variables put in, or as it stands when that fails: a module's own settings
    /// may hold anything.
    func expandedOrPlain(_ text: String) -> String {
        (try? ValueExpansion.expand(text, environment: surroundings.environment)) ?? text
    }

    /// The whole configuration as modules see it.
    func moduleOptions() -> [PythonConfiguration.Option] {
        document.sections.flatMap { section in
            section.entries.map {
                PythonConfiguration.Option(
                    section: section.name, key: $0.key, text: expandedOrPlain($0.value))
            }
        }
    }
}
