import TestSupport

@testable import PuyPuyAgent

extension TemporaryDirectory {
    /// Writes `config.ini` and reads it, with the files that are there already.
    func load(
        _ text: String, environment: [String: String] = [:], mode: UInt32 = 0o600
    ) throws -> (settings: Settings?, problems: [SettingsProblem]) {
        try write("config.ini", text, mode: mode)
        return Settings.load(
            from: SettingsLocation(label: "config.ini", path: path + "/config.ini"),
            checks: Fixtures.checks, environment: { environment[$0] })
    }

    /// Writes `config.ini` with this `[TSDB]` of type InfluxDB, and reads it.
    func loadInflux(
        _ keys: String, environment: [String: String] = [:], mode: UInt32 = 0o600
    ) throws -> (settings: Settings?, problems: [SettingsProblem]) {
        try write("checks_enabled/check_cpustats.ini", "")
        let address = keys.contains("address:") ? "" : "address: http://127.0.0.1:8086\n"
        return try load(
            "[TSDB]\ntsdtype: InfluxDB\ndatabase: metrics\n\(address)\(keys)\n",
            environment: environment, mode: mode)
    }
}
