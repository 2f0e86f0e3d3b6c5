public import Logging
public import PuyPuyBackends
public import PuyPuyChecks
public import PuyPuyCore
public import PuyPuySpool

/// Everything that a configuration says, typed, with the defaults for what it leaves out.
///
/// ``load(from:checks:environment:)`` makes it; a value is always usable as a whole. Paths are
/// absolute. The shipped config.ini holds exactly these defaults, but for the web server, which it
/// turns on.
public struct Settings: Sendable, Hashable {
    /// The file or the folder that was read, absolute.
    public var configurationPath = ""
    /// The folder that relative paths are relative to.
    public var folder = "/"

    /// How often a check runs that has no interval of its own.
    public var checkPeriod: Duration = .seconds(10)
    /// The tag `cluster`; empty to leave it out.
    public var clusterName = "default"
    /// The tag `group`; empty to leave it out.
    public var hostGroup = "default"
    /// The tag `location`; empty to leave it out.
    public var location = "default"
    /// The tag `host`; `nil` for the name of the host.
    public var hostname: String?
    /// Whether the tag `host` is the host's short name instead of its fully qualified one. Without
    /// meaning when ``hostname`` is set.
    public var usesShortHostname = false

    /// The log file; `nil` for the standard error stream.
    public var logFile: String?
    /// The least important events that are logged: `log_level`, else `debug_log`.
    public var logLevel: Logger.Level = .info
    /// How the log file is rotated; `nil` when it is not, and logrotate does it.
    public var logRotation: LogRotation?
    /// The file with the daemon's process id; `nil` to write none.
    public var pidFile: String? = "/var/puypuy.pid"
    /// The most time that stopping takes.
    public var shutdownTime: Duration = .seconds(10)

    /// Where the file system of the host to measure is mounted.
    public var rootPath = "/"
    /// The folder whose files enable checks.
    public var checksDirectory = "/checks_enabled"
    /// The folder with the scripts that are checks.
    public var scriptsDirectory = "/scripts_enabled"

    /// The spool.
    public var spool = SpoolOptions(path: "/var/spool.db")
    /// The destinations, in the order of the configuration; never empty.
    public var backends: [BackendConfiguration] = [
        BackendConfiguration(name: "default", type: .local)
    ]
    /// The local web server.
    public var web = WebSettings()
    /// The built-in checks that are enabled, in the order of their files.
    public var checks: [EnabledCheck] = []

    /// The Python modules and resident programs of the checks folder, in the order of their files.
    public var programs: [EnabledProgram] = []
    /// The plugins of `[Nagios]`: their command lines, by name in lower case.
    public var nagiosCommands: [String: String] = [:]
    /// What Python modules see of the configuration, and their interpreter; the host's name is
    /// filled in when they are made.
    public var python = PythonConfiguration()

    /// Every setting with its source, secrets masked; ``SettingsReport`` shows them.
    public var effective: [EffectiveSetting] = []

    /// The defaults, for a configuration in `/`.
    public init() {}

    /// The tags of every point: `host`, `cluster`, `group` and `location`; empty ones are left out.
    ///
    /// - Parameter host: The name of the host, short or fully qualified as ``usesShortHostname``
    ///   says; ``hostname`` wins over it.
    public func baseTags(host: String) -> Tags {
        [
            "host": hostname ?? host, "cluster": clusterName, "group": hostGroup,
            "location": location,
        ]
    }
}
