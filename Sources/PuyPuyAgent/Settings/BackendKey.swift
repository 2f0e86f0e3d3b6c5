/// The keys of `[TSDB]` and `[TSDB:NAME]`.
public enum BackendKey {
    static let type = SettingKey(
        "tsdtype", .text, default: "Local",
        "The kind of database: InfluxDB (1.x), or Local to keep the points in the spool only.")
    static let address = SettingKey(
        "address", .address,
        "The server: http://host:8086, or https://, with a path when a proxy wants one.")
    static let database = SettingKey("database", .text, "The database that receives the points.")
    static let retentionPolicy = SettingKey(
        "retention_policy", .text,
        "The retention policy that receives the points. Empty: the database's default.")

    static let auth = SettingKey(
        "auth", .flag,
        "Whether user and pass, or token, are used. Without this key they are when they are there; "
            + "with `no` they are placeholders.")
    static let user = SettingKey("user", .text, "The name of the user.")
    static let password = SettingKey(
        "pass", .text, isSecret: true,
        "The password. Better in pass_file, or in the environment: ${INFLUX_PASSWORD}.")
    static let passwordFile = SettingKey(
        "pass_file", .path, "The file that holds the password, alone on its first line.")
    static let token = SettingKey(
        "token", .text, isSecret: true,
        "The token, for servers that want one instead of a user and a password.")
    static let tokenFile = SettingKey(
        "token_file", .path, "The file that holds the token, alone on its first line.")

    static let caFile = SettingKey(
        "ca_file", .path, "Certificates to trust instead of the system's. PEM file.")
    static let clientCertificate = SettingKey(
        "client_cert", .path, "Our certificate, for servers that ask for one. PEM file.")
    static let clientKey = SettingKey(
        "client_key", .path, "The key of our certificate. PEM file.")
    static let skipsVerification = SettingKey(
        "insecure_skip_verify", .flag, default: "no",
        "Takes any certificate. Whoever is in between then reads and changes everything.")
    static let proxy = SettingKey(
        "proxy", .text, "The proxy: http://host:3128, socks5h://host:1080.")

    static let timeoutSeconds = SettingKey(
        "timeout_seconds", .seconds(1...3600), default: "30",
        "The most time that a request takes. Seconds.")
    static let reconnectMaxSeconds = SettingKey(
        "reconnect_max_seconds", .seconds(0.5...3600), default: "5",
        "The most time between two attempts to reach a server that is down. Seconds.")
    static let maxBatchPoints = SettingKey(
        "max_batch_points", .whole(1...1_000_000), default: "10000",
        "The most points in one request.")
    static let maxPointsPerSecond = SettingKey(
        "max_points_per_second", .whole(0...1_000_000_000), default: "0",
        "The most points that are sent in a second, to spare a server after an outage. 0: no limit."
    )
    static let drainOrder = SettingKey(
        "drain_order", .choice(["fresh_first", "oldest_first"]), default: "fresh_first",
        "What goes first after an outage: the newest points, with a share for the backlog, or "
            + "strictly the oldest.")
    static let backfill = SettingKey(
        "backfill", .hours(0...87600), default: "0",
        "How much of what the spool already holds a new destination gets. Hours; 0: only what is "
            + "collected from then on.")
    static let gzip = SettingKey(
        "gzip", .flag, default: "yes", "Compresses the requests.")
    static let integers = SettingKey(
        "integers", .flag, default: "no",
        "Sends integers as integers instead of floats. A series that was a float before then "
            + "conflicts with itself.")
    static let precision = SettingKey(
        "precision", .choice(["ns", "us", "ms", "s"]), default: "ns",
        "The unit of the timestamps on the wire.")

    /// All keys of `[TSDB]`.
    public static let all: [SettingKey] =
        [type] + server + delivery + [
            SettingKey(
                "datapoints",
                withoutEffect: "has no effect in this release: only OpenTSDB and KairosDB have "
                    + "such a path"),
            SettingKey(
                "organization",
                withoutEffect: "has no effect in this release: only InfluxDB2 has organizations"),
            SettingKey(
                "bucket",
                withoutEffect: "has no effect in this release: only InfluxDB2 has buckets"),
            SettingKey(
                "url",
                withoutEffect: "has no effect any more: it was for OddEye; the server is given by "
                    + "address"),
            SettingKey(
                "uuid",
                withoutEffect: "has no effect any more: it was for OddEye", isSecret: true),
            SettingKey("sandbox", withoutEffect: "has no effect any more: it was for OddEye"),
            SettingKey("err_handler", withoutEffect: "has no effect any more: it was for OddEye"),
        ]

    /// Keys that only a type with a server has a use for.
    static let server: [SettingKey] = [
        address, database, retentionPolicy, auth, user, password, passwordFile, token, tokenFile,
        caFile, clientCertificate, clientKey, skipsVerification, proxy,
    ]

    /// Keys about requests: also only for types with a server.
    static let delivery: [SettingKey] = [
        timeoutSeconds, reconnectMaxSeconds, maxBatchPoints, maxPointsPerSecond, drainOrder,
        backfill, gzip, integers, precision,
    ]
}
