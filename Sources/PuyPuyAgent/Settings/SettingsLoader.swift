internal import Logging
internal import PuyPuyBackends
internal import PuyPuyChecks

/// Reads one configuration; ``Settings/load(from:checks:environment:)`` is the way in.
struct SettingsLoader {
    private let location: SettingsLocation
    private let checks: [CheckDescription]
    private let isFolder: Bool
    private let surroundings: SectionReader.Surroundings
    private var document = SettingsDocument()
    private var files: [String] = []
    private var problems: [SettingsProblem] = []
    private var settings = Settings()

    init(
        location: SettingsLocation, checks: [CheckDescription],
        environment: @escaping (String) -> String?
    ) {
        self.location = location
        self.checks = checks
        isFolder = SettingsFolder.kind(location.path) == .folder
        surroundings = SectionReader.Surroundings(
            folder: isFolder ? location.path : SettingsFolder.parent(of: location.path),
            environment: environment)
    }

    /// The settings as far as they can be read.
    mutating func load() -> Settings {
        settings.configurationPath = location.path
        settings.folder = surroundings.folder
        readFiles()
        if isEmpty { return settings }
        readSelfConfig()
        readBackends()
        readWebServer()
        SectionCheck.check(
            document, checks: checks, programs: settings.programs, to: &problems)
        return settings
    }

    /// Whether nothing could be read.
    var isEmpty: Bool { problems.hasErrors && document.sections.isEmpty }

    /// All problems: by file in the order of reading, then by line.
    func sortedProblems() -> [SettingsProblem] {
        func rank(_ problem: SettingsProblem) -> Int {
            files.firstIndex(of: problem.file) ?? files.count
        }
        let indexed = problems.enumerated().sorted { left, right in
            let (leftRank, rightRank) = (rank(left.element), rank(right.element))
            if leftRank != rightRank { return leftRank < rightRank }
            if left.element.file != right.element.file {
                return left.element.file < right.element.file
            }
            let (leftLine, rightLine) = (left.element.line ?? .max, right.element.line ?? .max)
            return leftLine == rightLine ? left.offset < right.offset : leftLine < rightLine
        }
        return indexed.map(\.element)
    }

    private mutating func readFiles() {
        if !isFolder {
            readFile(location.path, label: location.label)
            return
        }
        do {
            let names = try SettingsFolder.names(in: location.path).filter { $0.hasSuffix(".ini") }
            if names.isEmpty {
                problems.append(
                    SettingsProblem(.error, file: location.label, message: "no *.ini file in it"))
            }
            for name in names {
                readFile(location.path + "/" + name, label: location.label + "/" + name)
            }
        } catch {
            problems.append(
                SettingsProblem(
                    .error, file: location.label, message: "cannot be read: \(error.message)"))
        }
    }

    private mutating func readFile(_ path: String, label: String) {
        files.append(label)
        do {
            let content = try SettingsFolder.read(path)
            problems += document.add(
                INIFile(bytes: content.bytes), file: label,
                isReadableByOthers: content.isReadableByOthers)
        } catch {
            problems.append(
                SettingsProblem(.error, file: label, message: "cannot be read: \(error.message)"))
        }
    }

    private func reader(_ section: String) -> SectionReader {
        SectionReader(
            title: section, file: document.section(section)?.file ?? files.first ?? location.label,
            entries: document.entries(section), surroundings: surroundings)
    }

    private mutating func finish(_ reader: SectionReader) {
        problems += reader.problems
        settings.effective += reader.effective
    }

    private mutating func readSelfConfig() {
        var reader = reader("SelfConfig")
        reader.checkKeys(SelfConfigKey.all)
        settings.checkPeriod = reader.duration(SelfConfigKey.checkPeriodSeconds)
        settings.clusterName = reader.text(SelfConfigKey.clusterName)
        settings.hostGroup = reader.text(SelfConfigKey.hostGroup)
        settings.location = reader.text(SelfConfigKey.location)
        let hostname = reader.text(SelfConfigKey.hostname)
        settings.hostname = hostname.isEmpty ? nil : hostname
        settings.usesShortHostname = reader.flag(SelfConfigKey.shortHostname)
        settings.logFile = reader.path(SelfConfigKey.logFile)
        settings.logLevel = logLevel(&reader)
        let rotation = reader.duration(SelfConfigKey.logRotateSeconds)
        let backups = reader.whole(SelfConfigKey.logRotateBackups)
        if rotation > .zero {
            settings.logRotation = LogRotation(
                period: max(rotation, .seconds(1)), backups: backups)
        }
        settings.pidFile = reader.path(SelfConfigKey.pidFile)
        settings.shutdownTime = reader.duration(SelfConfigKey.shutdownSeconds)
        settings.rootPath = reader.requiredPath(SelfConfigKey.rootPath)
        settings.spool = SpoolSettingsReader.read(from: &reader)
        let checkFolder = folder(SelfConfigKey.checksDirectory, from: &reader)
        settings.checksDirectory = checkFolder.path
        settings.scriptsDirectory = folder(SelfConfigKey.scriptsDirectory, from: &reader).path
        settings.python.interpreter = reader.text(SelfConfigKey.python)
        settings.python.memoryLimitBytes = reader.whole(SelfConfigKey.pythonMemoryMB) << 20
        PlacesCheck.check(settings, in: &reader)
        let folder = CheckFolder(
            path: checkFolder.path, label: checkFolder.label, known: checks, document: document,
            period: settings.checkPeriod, rootPath: settings.rootPath, surroundings: surroundings
        )
        let reading = folder.read()
        if let absence = reading.absence {
            let isNamed = reader.isSet(SelfConfigKey.checksDirectory)
            reader.report(
                isNamed ? .error : .warning, SelfConfigKey.checksDirectory,
                found: checkFolder.label, "no check is enabled: \(absence)",
                hint: "make the folder, and in it a file check_NAME.ini for every check")
        }
        finish(reader)
        settings.checks = reading.checks
        settings.programs = reading.programs
        let common = Set(CheckKey.all.map(\.name))
        for entry in document.section("Nagios")?.entries ?? [] where !common.contains(entry.key) {
            settings.nagiosCommands[entry.key] = folder.expandedOrPlain(entry.value)
        }
        settings.python.options = folder.moduleOptions() + reading.moduleOptions
        settings.python.checksFolder = checkFolder.path
        settings.python.folder = SettingsFolder.parent(of: checkFolder.path)
        checkEffective = reading.effective
        problems += reading.problems
    }

    /// The checks' settings, which are shown last.
    private var checkEffective: [EffectiveSetting] = []

    private func logLevel(_ reader: inout SectionReader) -> Logger.Level {
        let level: Logger.Level = reader.choice(SelfConfigKey.logLevel)
        let isDebug = reader.flag(SelfConfigKey.debugLog)
        return isDebug && !reader.isSet(SelfConfigKey.logLevel) ? .debug : level
    }

    /// A folder beside the configuration. One that is not named is looked for in a folder of
    /// `*.ini` files and then beside it: `conf` and `checks_enabled` are often side by side.
    private func folder(
        _ key: SettingKey, from reader: inout SectionReader
    ) -> (path: String, label: String) {
        let named = reader.requiredPath(key)
        if reader.isSet(key) { return (named, named) }
        let parent = SettingsFolder.parent(of: surroundings.folder)
        let beside = SettingsFolder.absolute(key.defaultText, in: parent)
        if isFolder, SettingsFolder.kind(named) != .folder,
            SettingsFolder.kind(beside) == .folder
        {
            return (beside, beside)
        }
        return (named, label(ofDefault: key, path: named))
    }

    /// A default folder as the problems of its files name it: like the configuration's file.
    private func label(ofDefault key: SettingKey, path: String) -> String {
        if isFolder { return location.label + "/" + key.defaultText }
        guard let slash = location.label.lastIndex(of: "/") else { return key.defaultText }
        return String(location.label[...slash]) + key.defaultText
    }

    private mutating func readBackends() {
        var backends: [BackendConfiguration] = []
        for section in document.sections {
            guard let name = backendName(section) else { continue }
            var reader = reader(section.name)
            if let backend = BackendReader.read(name: name, from: &reader) {
                backends.append(backend)
            }
            finish(reader)
        }
        if !backends.isEmpty { settings.backends = backends }
    }

    private mutating func readWebServer() {
        var reader = reader("WebServer")
        reader.checkKeys(WebServerKey.all)
        settings.web = WebSettingsReader.read(from: &reader, for: settings.backends)
        finish(reader)
        settings.effective += checkEffective
    }

    /// The name of the backend that a section is about; `nil` for other sections.
    private mutating func backendName(_ section: SettingsDocument.Section) -> String? {
        if section.name == "TSDB" { return "default" }
        guard section.name.hasPrefix("TSDB:") else { return nil }
        let name = String(section.name.dropFirst("TSDB:".count))
        let isName =
            !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
                    || "_-.".unicodeScalars.contains($0)
            }
        if !isName || name == "default" {
            problems.append(
                SettingsProblem(
                    .error, file: section.file, line: section.line, section: section.name,
                    message: isName
                        ? "default is the name of [TSDB]" : "not the name of a destination",
                    expected: "[TSDB:NAME] with letters, digits, dots, dashes and underscores"))
            return nil
        }
        return name
    }
}
