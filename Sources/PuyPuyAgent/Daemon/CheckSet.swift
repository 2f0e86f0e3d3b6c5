public import Logging
public import PuyPuyChecks
public import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// What a configuration collects: its checks and scripts, made, with their tags.
public struct CheckSet: Sendable {
    /// The checks and scripts, made.
    public var checks: [ScheduledCheck]
    /// The tags of every point.
    public var baseTags: Tags
    /// What is there and cannot run, in words.
    public var problems: [String]
    /// Runs the Python modules; `nil` without any.
    public var pythonHost: PythonHost?
    /// What each check is made from, by its name.
    private(set) var identities: [String: CheckIdentity] = [:]
    /// The name of this host, which was looked up for the tag `host`.
    private(set) var hostName = ""

    /// The built-in checks that a configuration may enable.
    public static let builtIn: [CheckDescription] =
        CheckRegistry.builtIn + [OwnHealthCheck.description]

    /// Makes what `settings` enable. A script directory that is not there has no scripts.
    /// What modules print goes to `printed`, or without one to the log.
    public static func make(
        _ settings: Settings, logger: Logger, printed: (@Sendable (String) -> Void)? = nil
    ) -> CheckSet {
        make(settings, own: OwnHealthCheck.Parts(), logger: logger, printed: printed)
    }

    /// Makes what `settings` enable; modules run in `pythonHost`, or in a new one without it. Without
    /// a `hostName` it is looked up.
    static func make(
        _ settings: Settings, own parts: OwnHealthCheck.Parts,
        pythonHost: PythonHost? = nil, hostName: String? = nil, logger: Logger,
        printed: (@Sendable (String) -> Void)? = nil
    ) -> CheckSet {
        let host = hostName ?? HostName.current(short: settings.usesShortHostname)
        var set = CheckSet(
            checks: [], baseTags: settings.baseTags(host: host), problems: [],
            pythonHost: pythonHost)
        set.hostName = host
        for enabled in settings.checks {
            guard let description = builtIn.first(where: { $0.name == enabled.name }) else {
                continue
            }
            do {
                let check: any Check =
                    enabled.name == OwnHealthCheck.description.name
                    ? OwnHealthCheck(spoolPath: settings.spool.path, parts: parts)
                    : try description.make(
                        CheckContext(rootPath: settings.rootPath, options: enabled.options))
                set.add(
                    ScheduledCheck(
                        name: enabled.id, check: check, interval: enabled.interval,
                        timeout: enabled.timeout, tags: enabled.tags),
                    CheckIdentity(enabled, rootPath: settings.rootPath))
            } catch {
                set.problems.append("\(enabled.file): \(error)")
            }
        }
        set.addPrograms(settings, logger: logger, printed: printed)
        set.addScripts(settings, logger: logger)
        return set
    }

    private mutating func add(_ check: ScheduledCheck, _ identity: CheckIdentity) {
        checks.append(check)
        identities[check.name] = identity
    }

    private mutating func addPrograms(
        _ settings: Settings, logger: Logger, printed: (@Sendable (String) -> Void)?
    ) {
        for program in settings.programs {
            guard !checks.contains(where: { $0.name == program.name }) else {
                problems.append(
                    "cannot run \(program.path): a check called \(program.name) is enabled already"
                        + " (rename the file)")
                continue
            }
            do throws(ChecksError) {
                add(
                    try scheduled(program, settings: settings, logger: logger, printed: printed),
                    CheckIdentity(program))
            } catch {
                problems.append("cannot run \(program.path): \(error)")
            }
        }
    }

    /// What the Python host is told: the settings with the tags of every point.
    func pythonConfiguration(_ settings: Settings) -> PythonConfiguration {
        var configuration = settings.python
        configuration.hostname = baseTags["host"] ?? ""
        configuration.clusterName = baseTags["cluster"] ?? ""
        configuration.hostGroup = baseTags["group"] ?? ""
        configuration.location = baseTags["location"] ?? ""
        return configuration
    }

    private mutating func scheduled(
        _ program: EnabledProgram, settings: Settings, logger: Logger,
        printed: (@Sendable (String) -> Void)?
    ) throws(ChecksError) -> ScheduledCheck {
        switch program.kind {
        case .module:
            let host: PythonHost
            if let pythonHost {
                host = pythonHost
            } else {
                host = try PythonHost(pythonConfiguration(settings))
            }
            pythonHost = host
            let check = PythonModuleCheck(
                name: program.name, path: program.path, host: host, logger: logger,
                printed: printed)
            return ScheduledCheck(
                name: program.name, check: check, interval: program.interval,
                timeout: program.timeout, turns: host.turns)
        case .resident:
            let check = ResidentCheck(path: program.path, logger: logger)
            return ScheduledCheck(
                name: program.name, check: check, interval: program.interval,
                timeout: program.timeout)
        }
    }

    private mutating func addScripts(_ settings: Settings, logger: Logger) {
        do throws(ChecksError) {
            let directory = try ScriptDirectory.scan(settings.scriptsDirectory)
            problems += directory.problems.map(\.description)
            for script in directory.scripts {
                guard !checks.contains(where: { $0.name == script.name }) else {
                    problems.append(
                        "cannot run \(script.path): a check called \(script.name) is enabled already"
                            + " (rename the script)")
                    continue
                }
                add(
                    ScheduledCheck(
                        name: script.name, check: ScriptCheck(path: script.path, logger: logger),
                        interval: settings.checkPeriod),
                    CheckIdentity(script: script.path, interval: settings.checkPeriod))
            }
        } catch {
            problems.append("no script runs: \(error)")
        }
    }
}
