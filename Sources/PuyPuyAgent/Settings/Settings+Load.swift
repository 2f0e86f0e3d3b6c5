public import PuyPuyChecks

extension Settings {
    /// The value of a variable of the environment of this process.
    public static func processEnvironment(_ name: String) -> String? {
        SettingsFolder.environment(name)
    }

    /// Reads a configuration: a file, or a folder of `*.ini` files in the order of their names, and
    /// the folder that enables checks.
    ///
    /// Nothing is changed, and no server is asked.
    ///
    /// - Parameters:
    ///   - location: Where the configuration is; see ``SettingsLocation/find(argument:environment:)``.
    ///   - checks: The built-in checks.
    ///   - environment: The variables for `${NAME}`.
    /// - Returns: The settings, `nil` when one of the problems is an error; and all problems, in the
    ///   order of files and lines.
    public static func load(
        from location: SettingsLocation, checks: [CheckDescription],
        environment: (String) -> String? = Settings.processEnvironment
    ) -> (settings: Settings?, problems: [SettingsProblem]) {
        withoutActuallyEscaping(environment) { environment in
            var loader = SettingsLoader(
                location: location, checks: checks, environment: environment)
            let settings = loader.load()
            let problems = loader.sortedProblems()
            return (problems.hasErrors ? nil : settings, problems)
        }
    }

    /// Reads a configuration as far as it can be read: with the defaults for what cannot be used. For
    /// who looks for a daemon that was started before there were mistakes, or with variables of the
    /// environment that this process does not have.
    ///
    /// - Returns: The settings, `nil` when there is nothing to read; and all problems.
    public static func loadReadable(
        from location: SettingsLocation, checks: [CheckDescription]
    ) -> (settings: Settings?, problems: [SettingsProblem]) {
        var loader = SettingsLoader(
            location: location, checks: checks, environment: processEnvironment)
        let settings = loader.load()
        return (loader.isEmpty ? nil : settings, loader.sortedProblems())
    }
}
