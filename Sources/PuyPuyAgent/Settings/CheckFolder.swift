internal import PuyPuyChecks

/// Reads the folder whose files enable checks: `check_NAME.ini`, `check_NAME@INSTANCE.ini`.
///
/// Modules and programs of the folder are read by ``ProgramReader``. An empty file is enough. Keys stand without a section, or under the check's name, or under its
/// section of the configuration; they win over what that section of the configuration says.
struct CheckFolder {
    /// The folder, absolute.
    let path: String
    /// The folder as problems name it.
    let label: String
    /// The checks that exist.
    let known: [CheckDescription]
    /// The configuration, for the checks' sections.
    let document: SettingsDocument
    /// `check_period_seconds`.
    let period: Duration
    /// Where the host is mounted.
    let rootPath: String
    let surroundings: SectionReader.Surroundings

    /// What the folder enables.
    struct Reading {
        var checks: [EnabledCheck] = []
        var programs: [EnabledProgram] = []
        /// What the files beside modules say.
        var moduleOptions: [PythonConfiguration.Option] = []
        var problems: [SettingsProblem] = []
        var effective: [EffectiveSetting] = []
        /// Why the folder cannot be read, in the system's words; `nil` when it can.
        var absence: String?
    }

    /// Reads the folder.
    func read() -> Reading {
        var reading = Reading()
        let names: [String]
        do {
            names = try SettingsFolder.names(in: path)
        } catch {
            reading.absence = error.message
            return reading
        }
        let programs = ProgramReader.programNames(names)
        for name in names { read(name, besides: programs, into: &reading) }
        ProgramReader(folder: self, names: names).read(into: &reading)
        if reading.checks.isEmpty && reading.programs.isEmpty && !reading.problems.hasErrors {
            reading.problems.append(
                SettingsProblem(
                    .warning, file: label, message: "no check is enabled",
                    hint: "an empty file check_NAME.ini in it enables one"))
        }
        return reading
    }

    private func read(
        _ fileName: String, besides programs: Set<String>, into reading: inout Reading
    ) {
        let file = label + "/" + fileName
        guard fileName.hasPrefix("check_") else {
            if fileName.hasSuffix(".ini") {
                warn("not read: its name does not start with check_", file, into: &reading)
            }
            return
        }
        let stem = fileName.dropFirst("check_".count)
        guard stem.hasSuffix(".ini") else { return }
        let parts = stem.dropLast(4).split(
            separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if parts.count == 1 && programs.contains(name) {
            if known.contains(where: { $0.name == name }) {
                reading.problems.append(
                    SettingsProblem(
                        .notice, file: file,
                        message: "holds the settings of the program beside it",
                        hint: "the built-in check \(name) does not run as well"))
            }
            return
        }
        guard let description = known.first(where: { $0.name == name }) else {
            let nearest = NearestName.nearest(to: name, among: known.map(\.name))
            warn(
                "there is no check called \(name)", file,
                hint: nearest.map { "did you mean check_\($0).ini?" }, into: &reading)
            return
        }
        let instance = parts.count > 1 ? String(parts[1]) : nil
        if let instance, !CheckFolder.isInstance(instance) {
            reading.problems.append(
                SettingsProblem(
                    .error, file: file, found: instance, message: "not the name of an instance",
                    expected: "letters, digits, dots, dashes and underscores after the @"))
            return
        }
        read(description, instance: instance, fileName: fileName, into: &reading)
    }

    private func read(
        _ description: CheckDescription, instance: String?, fileName: String,
        into reading: inout Reading
    ) {
        let file = label + "/" + fileName
        var own: [SettingsDocument.Entry] = []
        do {
            let content = try SettingsFolder.read(path + "/" + fileName)
            var parsed = SettingsDocument()
            let ini = INIFile(bytes: content.bytes, allowsHeaderless: true)
            reading.problems += parsed.add(ini, file: file)
            for section in parsed.sections {
                if [description.name, description.section ?? "", ""].contains(section.name) {
                    own += section.entries
                } else {
                    reading.problems.append(
                        SettingsProblem(
                            .error, file: file, line: section.line, section: section.name,
                            message: "not a section of this check",
                            expected: "keys without a section, or [\(description.name)]"))
                }
            }
        } catch {
            reading.problems.append(
                SettingsProblem(.error, file: file, message: "cannot be read: \(error.message)"))
            return
        }
        let shared = description.section.map(document.entries) ?? []
        let id = instance.map { "\(description.name)@\($0)" } ?? description.name
        var reader = SectionReader(
            title: "check_\(id)", file: file,
            entries: own + shared.filter { entry in !own.contains { $0.key == entry.key } },
            surroundings: surroundings)
        let interval = reader.duration(CheckKey.interval, otherwise: period)
        let timeout = reader.duration(
            CheckKey.timeout, otherwise: ScheduledCheck.defaultTimeout(for: interval))
        let options = CheckOptionsReader.read(of: description, from: &reader)
        if !reader.problems.hasErrors {
            do {
                _ = try description.make(CheckContext(rootPath: rootPath, options: options))
            } catch {
                reader.report([SettingsProblem(.error, file: file, message: "\(error)")])
            }
        }
        reading.problems += reader.problems
        reading.effective += reader.effective
        reading.checks.append(
            EnabledCheck(
                name: description.name, instance: instance, interval: interval, timeout: timeout,
                options: options, file: file))
    }

    private func warn(
        _ message: String, _ file: String, hint: String? = nil, into reading: inout Reading
    ) {
        reading.problems.append(SettingsProblem(.warning, file: file, message: message, hint: hint))
    }

    static func isInstance(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
    }
}
