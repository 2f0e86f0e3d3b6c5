internal import PuyPuyCore

/// How a running daemon is doing, in its own words.
public struct DaemonStatus: Sendable, Hashable {
    /// Its process id.
    public var process: Int64
    /// Its version.
    public var version: String
    /// The tag `host` of its points.
    public var host: String
    /// How long it has been running, seconds.
    public var uptimeSeconds: Int64
    /// The checks that run, by name.
    public var checks: [String]
    /// Points that wait in memory, since they cannot be committed.
    public var bufferedPoints: Int64
    /// Why the spool cannot commit; `nil` while it can.
    public var trouble: String?

    /// Reads the answer of `/api/v1/status`; `nil` when it is none.
    init?(_ json: JSONValue) {
        guard let process = json["pid"]?.integer else { return nil }
        self.process = process
        version = json["version"]?.string ?? ""
        host = json["host"]?.string ?? ""
        uptimeSeconds = json["uptime_seconds"]?.integer ?? 0
        checks = (json["checks"]?.array ?? []).compactMap { $0.string ?? $0["name"]?.string }
        bufferedPoints = json["spool"]?["buffered_points"]?.integer ?? 0
        trouble = json["spool"]?["trouble"]?.string
    }
}
