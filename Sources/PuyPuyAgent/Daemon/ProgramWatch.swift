internal import Glibc
internal import Logging
internal import PuyPuyChecks
internal import PuyPuyCore
internal import ServiceLifecycle

/// Looks every few seconds whether Python modules and resident programs came or went, and whether
/// their settings changed. What a module's own file holds is the Python host's to notice.
struct ProgramWatch: Service {
    /// How often it looks.
    static let period = Duration.seconds(3)

    let settings: Settings
    let set: CheckSet
    let scheduler: Scheduler
    let values: LastValues
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var state = State(
                programs: Self.identified(settings.programs), host: set.pythonHost,
                fingerprint: Self.fingerprint(of: settings.checksDirectory))
            while true {
                try await Task.sleep(for: Self.period)
                await look(&state)
            }
        }
    }

    /// What runs at the moment.
    private struct State {
        var programs: [String: Identified]
        var host: PythonHost?
        var fingerprint: [String: String]
    }

    /// A program, and for one that stays resident which file it was started from.
    private struct Identified: Equatable {
        let program: EnabledProgram
        let identity: String
    }

    private func look(_ state: inout State) async {
        let fingerprint = Self.fingerprint(of: settings.checksDirectory)
        guard fingerprint != state.fingerprint else { return }
        state.fingerprint = fingerprint
        let (loaded, problems) = Settings.load(
            from: SettingsLocation(settings.configurationPath), checks: CheckSet.builtIn)
        guard let loaded else {
            for problem in problems where problem.severity == .error {
                logger.warning("\(problem.description)")
            }
            logger.warning(
                "changes in checks_dir are not taken over: the configuration cannot be used",
                metadata: ["hint": "puypuy config check"])
            return
        }
        await apply(loaded, to: &state)
    }

    private func apply(_ loaded: Settings, to state: inout State) async {
        let now = Self.identified(loaded.programs)
        let gone = state.programs.filter { now[$0.key] != $0.value }
        var added = CheckSet(checks: [], baseTags: set.baseTags, problems: [])
        var wanted = loaded
        let fixed = Set(set.checks.map(\.name)).subtracting(settings.programs.map(\.name))
        wanted.programs = loaded.programs.filter { program in
            state.programs[program.name] != now[program.name] && !fixed.contains(program.name)
        }
        await state.host?.change(added.pythonConfiguration(loaded))
        added.addPrograms(wanted, host: state.host, logger: logger)
        state.host = added.pythonHost
        state.programs = now
        for problem in added.problems { logger.warning("\(problem)") }
        for check in added.checks { values.expect(check.name, every: check.interval) }
        await scheduler.change(removing: Set(gone.keys), adding: added.checks)
        if gone.isEmpty && added.checks.isEmpty { return }
        let names = Set(added.checks.map(\.name))
        let removed = Set(gone.keys).subtracting(names)
        var metadata: Logger.Metadata = [:]
        if !names.isEmpty { metadata["runs"] = "\(names.sorted().joined(separator: " "))" }
        if !removed.isEmpty { metadata["removed"] = "\(removed.sorted().joined(separator: " "))" }
        logger.notice("programs in checks_dir changed", metadata: metadata)
    }

    private static func identified(_ programs: [EnabledProgram]) -> [String: Identified] {
        Dictionary(
            programs.map { program in
                let identity = program.kind == .resident ? fileIdentity(program.path) : ""
                // The same file may be named differently to people.
                var program = program
                program.file = ""
                return (program.name, Identified(program: program, identity: identity))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// What tells that something in the folder may have changed for its checks. Modules only count
    /// with their names.
    private static func fingerprint(of folder: String) -> [String: String] {
        let names = (try? SettingsFolder.names(in: folder)) ?? []
        return names.reduce(into: [:]) { found, name in
            guard name.hasPrefix("check_") else { return }
            found[name] = name.hasSuffix(".py") ? "" : fileIdentity("\(folder)/\(name)")
        }
    }

    private static func fileIdentity(_ path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "gone" }
        let time = status.st_mtim
        return "\(status.st_ino) \(time.tv_sec).\(time.tv_nsec) \(status.st_size) \(status.st_mode)"
    }
}
