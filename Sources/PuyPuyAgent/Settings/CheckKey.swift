/// The keys that every built-in check understands, in its section of config.ini and in its own
/// file. What else a check understands is in its `CheckDescription`.
public enum CheckKey {
    static let interval = SettingKey(
        "interval", .seconds(0.1...86400), example: "60",
        "How often the check runs. Seconds; without it check_period_seconds.")
    static let timeout = SettingKey(
        "timeout", .seconds(0.1...3600), example: "20",
        "The most time that a run takes. Seconds; without it the interval, but from 1 to 60.")

    /// All keys that every built-in check understands.
    public static let all: [SettingKey] = [interval, timeout] + alerts

    /// The thresholds of the older checks' alerts.
    private static let alerts: [SettingKey] = ["static_enabled", "high", "severe"].map {
        SettingKey(
            $0,
            withoutEffect: "has no effect any more: alerts are raised from the database, "
                + "not by the collector")
    }
}
