internal import ArgumentParser
internal import Logging
internal import PuyPuyAgent
internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySpool

/// `puypuy check …`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look at the checks and try them.",
        subcommands: [
            List.self, Run.self, CheckEnableCommand.self, CheckDisableCommand.self,
            NewCheckCommand.self,
        ])

    /// `puypuy check list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the checks and scripts: which are enabled, how often they run.",
            discussion: """
                An empty file checks_enabled/check_NAME.ini enables a built-in check.

                EXAMPLES:
                  puypuy check list
                """)

        @OptionGroup var configurationOption: ConfigurationOption

        func run() async throws {
            let settings = try configurationOption.load()
            let set = CheckSet.make(settings, logger: Logger(label: "script"))
            var table = Table([
                ("check", .left), ("every", .right), ("kind", .left), ("what", .left),
            ])
            for check in set.checks {
                let (kind, what) = Self.described(check)
                table.add([
                    check.name, Readable.duration(seconds: check.interval / .seconds(1)), kind,
                    what,
                ])
            }
            let enabled = Set(settings.checks.map(\.name))
            for description in CheckSet.builtIn where !enabled.contains(description.name) {
                table.add([description.name, "off", "built in", description.summary])
            }
            Terminal.write(table.text(width: Terminal.width))
            for problem in set.problems { Terminal.error(problem) }
            let names = Set(set.checks.map(\.name))
            let known = (try? SpoolReader(path: settings.spool.path).checks()) ?? []
            for check in known where names.contains(check.name) {
                guard let problem = check.lastProblem else { continue }
                Terminal.write("\(check.name) failed in its last run: \(problem)\n")
            }
        }

        private static func described(_ check: ScheduledCheck) -> (kind: String, what: String) {
            switch check.check {
            case let script as ScriptCheck: return ("script", script.path)
            case let module as PythonModuleCheck: return ("python", module.path)
            case let program as ResidentCheck: return ("resident", program.path)
            default:
                let base = String(check.name.prefix { $0 != "@" })
                let description = CheckSet.builtIn.first { $0.name == base }
                return ("built in", description?.summary ?? "")
            }
        }
    }

    /// `puypuy check run`
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run one check, enabled or not, and print its points.",
            discussion: """
                Nothing is stored. Counters become rates with the second reading: --again 2 runs the
                check a second time after two seconds and prints what that gives.

                EXAMPLES:
                  puypuy check run memory
                  puypuy check run disks --again 2
                """)

        @Argument(
            help: "The check's or script's name.",
            completion: .custom { _, _, _ in CheckSet.builtIn.map(\.name) })
        var name: String

        @OptionGroup var again: AgainOption

        @OptionGroup var configurationOption: ConfigurationOption

        func run() async throws {
            let settings = try configurationOption.load()
            let log = configurationOption.startLog(settings)
            let printed: @Sendable (String) -> Void = { Terminal.errorText("printed: \($0)") }
            var set = CheckSet.make(settings, logger: Logger(label: "check"), printed: printed)
            if !set.checks.contains(where: { $0.name == name }) {
                var wanted = settings
                wanted.checks = [
                    EnabledCheck(
                        name: name, interval: settings.checkPeriod, timeout: .seconds(60),
                        options: name == "nagios" ? settings.nagiosCommands : [:])
                ]
                wanted.programs = []
                let other = CheckSet.make(wanted, logger: Logger(label: "check"))
                set.checks += other.checks.filter { $0.name == name }
            }
            guard let check = set.checks.first(where: { $0.name == name }) else {
                for problem in set.problems { Terminal.error(problem) }
                throw Failure.misused(
                    "there is no check called \(name); 'puypuy check list' lists them")
            }
            let runs = try await Scheduler.collectOnce(
                [check], baseTags: set.baseTags, twiceWithPause: again.pause)
            log.flush()
            try RunReport.print(runs, hintsAtRates: again.pause == nil)
        }
    }
}
