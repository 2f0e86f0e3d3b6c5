internal import Glibc
internal import PuyPuyBackends
internal import PuyPuyChecks

extension ImportPlan {
    /// The bytes of another collector's file, whose path may be relative to the working folder.
    static func content(of path: String) throws(ImportError) -> [UInt8] {
        do {
            return try SettingsFolder.read(
                SettingsFolder.absolute(path, in: SettingsFolder.workingFolder())
            ).bytes
        } catch {
            throw ImportError("cannot read \(path): \(error.message)")
        }
    }
}

/// The configuration that is made from one of another collector, and what cannot be in it.
struct ImportDraft {
    /// A key with its text.
    typealias Setting = (key: SettingKey, text: String)

    /// The file that is read, as remarks name it.
    let source: String
    /// The collector that it is of.
    let collector: String
    /// `[SelfConfig]`, in the order in which it is written.
    private var daemon: [Setting] = []
    private var destinations: [(section: String, settings: [Setting])] = []
    private var web: [Setting] = []
    /// The plugins of `[Nagios]`.
    private var plugins: [(name: String, command: String)] = []
    private var checks: [String: [(key: String, text: String)]] = [:]
    private var files: [ImportPlan.File] = []
    private var remarks: [(line: Int, remark: ImportPlan.Remark)] = []

    /// A draft of nothing yet, from the file `path` of `collector`. `spoolPath` goes into the new
    /// configuration.
    init(of collector: String, from path: String, spoolPath: String?) {
        source = path.split(separator: "/").last.map(String.init) ?? path
        self.collector = collector
        if let spoolPath { set(SelfConfigKey.spoolPath, spoolPath) }
    }

    /// How often checks run that have no interval of their own, seconds.
    var periodText: String {
        let key = SelfConfigKey.checkPeriodSeconds
        return daemon.first { $0.key == key }?.text ?? key.defaultText
    }

    /// Whether points go anywhere.
    var hasDestination: Bool { !destinations.isEmpty }

    /// Notes what is not carried over, or not as it was.
    mutating func remark(_ line: Int, _ subject: String, _ reason: String) {
        remarks.append(
            (
                line,
                ImportPlan.Remark(subject: "\(source):\(line): \(subject)", reason: reason)
            ))
    }

    /// Sets a key of `[SelfConfig]`; the first text of a key stays.
    mutating func set(_ key: SettingKey, _ text: String) {
        if !daemon.contains(where: { $0.key == key }) { daemon.append((key, text)) }
    }

    /// Sets a key of `[WebServer]`.
    mutating func setWeb(_ key: SettingKey, _ text: String) { web.append((key, text)) }

    /// Adds a destination: `[TSDB]`, then `[TSDB:TYPE]`, `[TSDB:TYPE-2]` …
    mutating func add(_ type: BackendType, _ settings: [Setting]) {
        let name = type.rawValue.lowercased()
        var section = destinations.isEmpty ? "TSDB" : "TSDB:\(name)"
        var number = 2
        while destinations.contains(where: { $0.section == section }) {
            section = "TSDB:\(name)-\(number)"
            number += 1
        }
        destinations.append((section, [(BackendKey.type, type.rawValue)] + settings))
    }

    /// Enables a built-in check. Options of one that is enabled already are added where they are new.
    mutating func enable(_ check: String, _ options: [(key: String, text: String)] = []) {
        var known = checks[check] ?? []
        for option in options where !known.contains(where: { $0.key == option.key }) {
            known.append(option)
        }
        checks[check] = known
    }

    /// Adds a Nagios plugin, under `name` or the like.
    mutating func addPlugin(_ name: String, command: String) {
        let name = unique(name) { name in
            plugins.contains { $0.name == name } || CheckKey.all.contains { $0.name == name }
        }
        plugins.append((name, command))
    }

    /// Adds an executable of the checks folder, under `name` or the like, and returns its name. A
    /// program in the place of a built-in check would keep that from running.
    mutating func addProgram(_ name: String, _ text: String) -> String {
        let name = unique(name) { name in
            files.contains { $0.path == "checks_enabled/check_\(name)" }
                || CheckSet.builtIn.contains { $0.name == name }
        }
        files.append(
            ImportPlan.File(
                path: "checks_enabled/check_\(name)", origin: source, bytes: Array(text.utf8),
                mode: 0o755))
        return "check_\(name)"
    }

    private func unique(_ name: String, isTaken: (String) -> Bool) -> String {
        var candidate = name
        var number = 2
        while isTaken(candidate) {
            candidate = "\(name)_\(number)"
            number += 1
        }
        return candidate
    }

    /// The plan that writes it. The configuration may hold secrets and is for its owner alone.
    func plan() -> ImportPlan {
        let configuration = ImportPlan.File(
            path: "config.ini", origin: source, bytes: Array(text.utf8), mode: 0o600)
        let enabled = checks.sorted { $0.key < $1.key }.map { name, options in
            let text = options.map { "\($0.key): \($0.text)\n" }.joined()
            return ImportPlan.File(
                path: "checks_enabled/check_\(name).ini", origin: source, bytes: Array(text.utf8),
                mode: 0o644)
        }
        let ordered = remarks.enumerated().sorted {
            ($0.element.line, $0.offset) < ($1.element.line, $1.offset)
        }
        return ImportPlan(
            files: [configuration] + enabled + files, remarks: ordered.map(\.element.remark))
    }

    /// The text of `config.ini`.
    private var text: String {
        var text = """
            # Imported from \(source) of \(collector). Keys that it does not have are in the config.ini
            # that comes with PuyPuy; puypuy config show says what is in effect.

            """
        text += section("SelfConfig", daemon)
        let all = destinations.isEmpty ? [("TSDB", [(BackendKey.type, "Local")])] : destinations
        for destination in all { text += section(destination.0, destination.1) }
        text += section("WebServer", web)
        if !plugins.isEmpty {
            text += "\n[Nagios]\n" + plugins.map { "\($0.name): \($0.command)\n" }.joined()
        }
        return text
    }

    private func section(_ name: String, _ settings: [Setting]) -> String {
        if settings.isEmpty { return "" }
        return "\n[\(name)]\n"
            + settings.map {
                $0.text.isEmpty ? "\($0.key.name):\n" : "\($0.key.name): \($0.text)\n"
            }
            .joined()
    }
}
