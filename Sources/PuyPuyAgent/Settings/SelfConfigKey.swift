/// The keys of `[SelfConfig]`.
public enum SelfConfigKey {
    static let checkPeriodSeconds = SettingKey(
        "check_period_seconds", .seconds(0.1...86400), default: "10",
        "How often every check runs that has no interval of its own. Seconds.")
    static let clusterName = SettingKey(
        "cluster_name", .text, default: "default", example: "shop",
        "The tag `cluster` of every point. Left out when empty.")
    static let hostGroup = SettingKey(
        "host_group", .text, default: "default", example: "frontend",
        "The tag `group` of every point. Left out when empty.")
    static let location = SettingKey(
        "location", .text, default: "default", example: "rack-7",
        "The tag `location` of every point. Left out when empty.")
    static let hostname = SettingKey(
        "hostname", .text, example: "web1.example.com",
        "The tag `host` of every point. Empty: the name of the host.")
    static let shortHostname = SettingKey(
        "shorthostname", .flag, default: "no", example: "yes",
        "Whether `host` is the short name of the host (web1) instead of the fully qualified one.")

    static let logFile = SettingKey(
        "log_file", .path, example: "/var/log/puypuy/puypuy.log",
        "The file that the log goes to. Empty: the standard error stream, which is the journal "
            + "under systemd.")
    static let logLevel = SettingKey(
        "log_level",
        .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
        default: "info", example: "warning", "The least important events that are logged.")
    static let debugLog = SettingKey(
        "debug_log", .flag, default: "no", example: "yes",
        "The older way to say `log_level: debug`; log_level wins when both are there.")
    static let logRotateSeconds = SettingKey(
        "log_rotate_seconds", .seconds(0...31_536_000), default: "0", example: "1d",
        "The time that one log file covers: then it is moved to log_file.DATE_TIME. 0: for ever, "
            + "for logrotate to rotate it. Seconds.")
    static let logRotateBackups = SettingKey(
        "log_rotate_backups", .whole(0...10_000), default: "24",
        "How many of those older log files stay. 0: all.")
    static let pidFile = SettingKey(
        "pid_file", .path, default: "var/puypuy.pid",
        "The file that holds the daemon's process id.")
    static let shutdownSeconds = SettingKey(
        "shutdown_seconds", .seconds(1...600), default: "10",
        "The most time that stopping takes: checks that run may finish, senders get their last "
            + "answers. Seconds.")

    static let rootPath = SettingKey(
        "root_path", .path, default: "/", example: "/host",
        "Where the file system of the host to measure is mounted: / or, in a container, the mount.")
    static let checksDirectory = SettingKey(
        "checks_dir", .path, default: "checks_enabled",
        "The folder whose files check_NAME.ini enable checks, and whose files check_NAME.py are.")
    static let scriptsDirectory = SettingKey(
        "scripts_dir", .path, default: "scripts_enabled",
        "The folder whose executables check_NAME.EXT are run as checks.")

    static let python = SettingKey(
        "python", .text, default: "python3", example: "/usr/bin/python3",
        "The interpreter of the Python modules in checks_dir: a path, or a name to look for.")
    static let pythonMemoryMB = SettingKey(
        "python_memory_mb", .whole(32...1_048_576), default: "256",
        "The most memory of the process that runs the Python modules. Megabytes.")

    static let spoolPath = SettingKey(
        "spool_path", .path, default: "var/spool.db", example: "/var/lib/puypuy/spool.db",
        "The file that holds every point until all destinations have confirmed it.")
    static let durability = SettingKey(
        "durability", .choice(["full", "normal"]), default: "full", example: "normal",
        "What a collected point survives. full: also a power cut. normal: a crash of PuyPuy, not "
            + "of the host; easier on slow disks.")
    static let spoolRetainHours = SettingKey(
        "spool_retain_hours", .hours(0...87600), default: "24", example: "7d",
        "How long delivered points stay in the spool, for replay and queries. Hours.")
    static let spoolMaxMB = SettingKey(
        "spool_max_mb", .whole(16...16_777_216), default: "2048",
        "The most disk space that the spool takes. Megabytes.")
    static let spoolMinFreeMB = SettingKey(
        "spool_min_free_mb", .whole(0...16_777_216), default: "256",
        "The disk space that the spool leaves to others. Megabytes.")
    static let spoolMaxAgeHours = SettingKey(
        "spool_max_age_hours", .hours(0...87600), default: "0", example: "30d",
        "The age at which undelivered points expire. Hours; 0: never.")
    static let overflow = SettingKey(
        "overflow", .choice(["drop_oldest", "drop_newest"]), default: "drop_oldest",
        example: "drop_newest",
        "Which undelivered points go when the spool is full. Every one is counted.")
    static let memoryBufferPoints = SettingKey(
        "memory_buffer_points", .whole(0...100_000_000), default: "100000",
        "How many points wait in memory while the spool cannot be written.")

    /// All keys of `[SelfConfig]`.
    public static let all: [SettingKey] = [
        checkPeriodSeconds, clusterName, hostGroup, location, hostname, shortHostname,
        logFile, logLevel, debugLog, logRotateSeconds, logRotateBackups, pidFile, shutdownSeconds,
        rootPath, checksDirectory, scriptsDirectory, python, pythonMemoryMB,
        spoolPath, durability, spoolRetainHours, spoolMaxMB, spoolMinFreeMB, spoolMaxAgeHours,
        overflow, memoryBufferPoints,
        SettingKey(
            "tmpdir",
            withoutEffect: "has no effect any more: undelivered points are in the spool, see "
                + "spool_path"),
        SettingKey(
            "max_cache",
            withoutEffect: "has no effect any more: the size of the spool is limited by "
                + "spool_max_mb"),
        SettingKey(
            "error_handler",
            withoutEffect: "has no effect any more: it was for a hosted service that is gone"),
        SettingKey(
            "run_user",
            withoutEffect: "has no effect any more: PuyPuy runs as the user who starts it, User= "
                + "of the systemd unit"),
        SettingKey(
            "parallels_count",
            withoutEffect: "has no effect any more: the scheduler decides how many checks run at "
                + "the same time"),
    ]
}
