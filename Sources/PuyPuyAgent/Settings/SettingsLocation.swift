/// Where the configuration is.
public struct SettingsLocation: Sendable, Hashable {
    /// The file or folder as people named it, for problems.
    public let label: String
    /// The file or folder, absolute.
    public let path: String

    /// The variable of the environment that names the configuration.
    public static let variable = "PUYPUY_CONFIG"
    /// Where an installed PuyPuy has its configuration.
    public static let installedPath = "/etc/puypuy/config.ini"

    /// The file or folder called `path`, which may be relative to the working folder.
    public init(_ path: String) {
        var label = path
        while label.hasPrefix("./") { label = String(label.dropFirst(2)) }
        while label.count > 1 && label.hasSuffix("/") { label = String(label.dropLast()) }
        self.label = label
        self.path = SettingsFolder.absolute(path, in: SettingsFolder.workingFolder())
    }

    /// The file or folder at the absolute `path`, which problems call `label`.
    init(label: String, path: String) {
        self.label = label
        self.path = path
    }

    /// Finds the configuration: `argument` (of `--config`), else the one in `PUYPUY_CONFIG`, else
    /// `config.ini` in the working folder, else `/etc/puypuy/config.ini`.
    ///
    /// - Throws: A ``SettingsProblem`` that says where was looked, when there is none. A
    ///   configuration that is named and not there is found out when it is read.
    public static func find(
        argument: String?, environment: (String) -> String? = Settings.processEnvironment
    ) throws(SettingsProblem) -> SettingsLocation {
        if let argument, !argument.isEmpty { return SettingsLocation(argument) }
        if let named = environment(variable), !named.isEmpty { return SettingsLocation(named) }
        for candidate in ["config.ini", installedPath] {
            let location = SettingsLocation(candidate)
            if SettingsFolder.kind(location.path) == .file { return location }
        }
        throw SettingsProblem(
            .error, file: "",
            message: "no configuration: there is neither config.ini here nor \(installedPath)",
            hint: "name one with --config or \(variable)")
    }
}
