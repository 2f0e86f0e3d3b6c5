internal import ArgumentParser
internal import Logging
internal import PuyPuyAgent

/// The option `--config`, and the configuration that it names.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.short, .customLong("config")],
        help: ArgumentHelp(
            "The configuration: a file, or a folder of *.ini files.",
            discussion: "Default: $PUYPUY_CONFIG, ./config.ini, /etc/puypuy/config.ini.",
            valueName: "path"))
    var path: String?

    /// Where the configuration is.
    func find() throws -> SettingsLocation {
        do {
            return try SettingsLocation.find(argument: path)
        } catch {
            throw Failure.misused(error.description)
        }
    }

    /// The settings; problems go to standard error, and errors end the command. `notices` are only
    /// of interest to who checks or starts the daemon.
    func load(showsNotices: Bool = false) throws -> Settings {
        let location = try find()
        let (settings, problems) = Settings.load(from: location, checks: CheckSet.builtIn)
        for problem in problems where showsNotices || problem.severity == .error {
            Terminal.errorText(problem.description)
        }
        guard let settings else {
            throw Failure.misused(
                "the configuration cannot be used; 'puypuy config check' shows all problems")
        }
        return settings
    }

    /// The settings as far as they can be used, to find the daemon that was started with them; that
    /// there are errors is said.
    func loadReadable() throws -> Settings { try loadReadableNotingErrors().settings }

    /// The same, and whether there are errors: no daemon would start with them.
    func loadReadableNotingErrors() throws -> (settings: Settings, hasErrors: Bool) {
        let location = try find()
        let (settings, problems) = Settings.loadReadable(from: location, checks: CheckSet.builtIn)
        guard let settings else {
            for problem in problems { Terminal.errorText(problem.description) }
            throw Failure.misused("there is no configuration to find the daemon by")
        }
        if problems.hasErrors {
            Terminal.error("the configuration has errors; 'puypuy config check' shows them")
        }
        return (settings, problems.hasErrors)
    }

    /// A log to standard error for a command that is not the daemon: warnings and errors.
    func startLog(_ settings: Settings) -> LogOutput {
        var configuration = LogConfiguration(settings)
        configuration.file = nil
        configuration.level = max(.warning, settings.logLevel)
        let log = LogOutput(configuration)
        log.bootstrap()
        return log
    }
}
