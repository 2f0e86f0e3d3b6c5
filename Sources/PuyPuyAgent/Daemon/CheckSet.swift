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

    /// The built-in checks that a configuration may enable.
    public static let builtIn: [CheckDescription] =
        CheckRegistry.builtIn + [OwnHealthCheck.description]

    /// Makes what `settings` enable. A script directory that is not there has no scripts.
    public static func make(_ settings: Settings, logger: Logger) -> CheckSet {
        make(settings, boards: [], logger: logger)
    }

    static func make(
        _ settings: Settings, boards: [SenderBoard], logger: Logger
    ) -> CheckSet {
        let host = HostName.current(short: settings.usesShortHostname)
        var set = CheckSet(
            checks: [], baseTags: settings.baseTags(host: host), problems: [])
        for enabled in settings.checks {
            guard let description = builtIn.first(where: { $0.name == enabled.name }) else {
                continue
            }
            do {
                let check: any Check =
                    enabled.name == OwnHealthCheck.description.name
                    ? OwnHealthCheck(spoolPath: settings.spool.path, boards: boards)
                    : try description.make(
                        CheckContext(rootPath: settings.rootPath, options: enabled.options))
                set.checks.append(
                    ScheduledCheck(
                        name: enabled.id, check: check, interval: enabled.interval,
                        timeout: enabled.timeout, tags: enabled.tags))
            } catch {
                set.problems.append("\(enabled.file): \(error)")
            }
        }
        set.addScripts(settings, logger: logger)
        return set
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
                checks.append(
                    ScheduledCheck(
                        name: script.name, check: ScriptCheck(path: script.path, logger: logger),
                        interval: settings.checkPeriod))
            }
        } catch {
            problems.append("no script runs: \(error)")
        }
    }
}
