internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyBackends

/// `puypuy config …`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at the configuration.",
        subcommands: [Check.self, Show.self, Reference.self])

    /// `puypuy config check`
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find every mistake, with file, line and what was expected.",
            discussion: """
                Nothing is changed and no server is asked. Exit code 2 when something has to be
                corrected.

                EXAMPLES:
                  puypuy config check
                  puypuy config check --config /etc/puypuy/config.ini
                """)

        @OptionGroup var configurationOption: ConfigurationOption

        func run() async throws {
            let location = try configurationOption.find()
            let (settings, problems) = Settings.load(from: location, checks: CheckSet.builtIn)
            for problem in problems { Terminal.write(problem.description + "\n") }
            let errors = problems.count { $0.severity == .error }
            guard let settings else {
                throw Failure.misused(
                    errors == 1 ? "1 problem to correct" : "\(errors) problems to correct")
            }
            let backends = settings.backends.map { "\($0.name) (\($0.type.rawValue))" }
            let checks = settings.checks.count
            print(
                "\(location.label) is good: \(checks) check\(checks == 1 ? "" : "s") enabled,"
                    + " points go to " + backends.joined(separator: ", "))
        }
    }

    /// `puypuy config show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every setting that is in effect, and where it comes from.",
            discussion: """
                Secrets are masked.

                EXAMPLES:
                  puypuy config show
                  puypuy config show | grep -A1 spool_path
                """)

        @OptionGroup var configurationOption: ConfigurationOption

        func run() async throws {
            let settings = try configurationOption.load()
            Terminal.write(SettingsReport(settings).description)
        }
    }

    /// `puypuy config reference`
    struct Reference: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every section and key there is, as Markdown.",
            discussion: """
                What a key does, what it takes, its default, an example, and for a destination the
                databases that it is for. Nothing is read.

                EXAMPLES:
                  puypuy config reference
                  puypuy config reference | grep spool_
                """)

        func run() {
            Terminal.write(SettingsReference(checks: CheckSet.builtIn).description)
        }
    }
}
