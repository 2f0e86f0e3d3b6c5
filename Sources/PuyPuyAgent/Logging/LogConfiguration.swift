internal import Glibc
public import Logging

/// Where the log goes and how it looks.
public struct LogConfiguration: Sendable, Hashable {
    /// The file; `nil` for the standard error stream.
    public var file: String?
    /// The least important events that are logged.
    public var level: Logger.Level
    /// Whether lines on the standard error stream start with the priority that the journal reads:
    /// `<4>` for a warning.
    public var hasPriorities: Bool
    /// Whether levels on the standard error stream are coloured.
    public var hasColours: Bool
    /// How the file is rotated; `nil` when others do that.
    public var rotation: LogRotation?

    /// A log to `file`, or to the standard error stream without.
    public init(
        file: String? = nil, level: Logger.Level = .info, hasPriorities: Bool = false,
        hasColours: Bool = false, rotation: LogRotation? = nil
    ) {
        self.file = file
        self.level = level
        self.hasPriorities = hasPriorities
        self.hasColours = hasColours
        self.rotation = rotation
    }

    /// What `settings` say, for this process: priorities when the standard error stream is the
    /// journal's (`JOURNAL_STREAM`, see systemd.exec(5)), colours when it is a terminal and
    /// `NO_COLOR` is not set.
    public init(_ settings: Settings) {
        self.init(
            file: settings.logFile, level: settings.logLevel,
            hasPriorities: LogConfiguration.isJournal(STDERR_FILENO),
            hasColours: LogConfiguration.isColourTerminal(STDERR_FILENO),
            rotation: settings.logRotation)
    }

    /// Whether `descriptor` is the stream that `JOURNAL_STREAM` names by device and inode. A child
    /// whose output goes elsewhere inherits the variable, so its presence alone says nothing.
    private static func isJournal(_ descriptor: Int32) -> Bool {
        guard let stream = SettingsFolder.environment("JOURNAL_STREAM") else { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && stream == "\(status.st_dev):\(status.st_ino)"
    }

    private static func isColourTerminal(_ descriptor: Int32) -> Bool {
        // no-color.org: any value but the empty one.
        if SettingsFolder.environment("NO_COLOR")?.isEmpty == false { return false }
        return isatty(descriptor) == 1 && SettingsFolder.environment("TERM") != "dumb"
    }
}
