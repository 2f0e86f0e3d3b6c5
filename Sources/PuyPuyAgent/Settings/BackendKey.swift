internal import PuyPuyBackends

/// The keys of `[TSDB]` and `[TSDB:NAME]`.
public enum BackendKey {
    static let type = SettingKey(
        "tsdtype", .choice(BackendType.allCases.map(\.rawValue)), default: "Local",
        example: "InfluxDB",
        "The kind of database. InfluxDB is 1.x; Prometheus reads the web server's /metrics; Local "
            + "keeps the points in the spool only.")
    static let address = SettingKey(
        "address", .address, example: "http://127.0.0.1:8086",
        "The server: http://host:8086, or https://, with a path when a proxy wants one. Carbon: "
            + "host:2004, or tls://host:port.")
    static let database = SettingKey(
        "database", .text, example: "puypuy",
        "The database that receives the points (InfluxDB, InfluxDB3).")
    static let retentionPolicy = SettingKey(
        "retention_policy", .text, example: "one_year",
        "The retention policy that receives the points (InfluxDB). Empty: the database's default.")
    static let organization = SettingKey(
        "organization", .text, example: "example",
        "The organization that owns the bucket: name or ID (InfluxDB2).")
    static let bucket = SettingKey(
        "bucket", .text, example: "puypuy",
        "The bucket that receives the points: name or ID (InfluxDB2).")
    static let path = SettingKey(
        "datapoints", .text, example: "/tsdb/api/put",
        "The path that takes points, behind the address. Empty: /api/put (OpenTSDB), "
            + "/api/v1/datapoints (KairosDB), /api/v1/write (PrometheusRemoteWrite).")

    static let chunked = SettingKey(
        "chunked", .flag, example: "yes",
        "Whether the server takes requests over 8 KiB, tsd.http.request.enable_chunked (OpenTSDB). "
            + "Without this key it is taken not to.")
    static let dropTags = SettingKey(
        "drop_tags", .text, example: "location group",
        "Tags that are left out, since the server takes eight at most (OpenTSDB). Names with spaces "
            + "or commas between them. Series that differ in nothing else become one.")
    static let carbonTags = SettingKey(
        "carbon_tags", .flag, default: "no", example: "yes",
        "Sends tags as tags, metric;key=value, instead of as parts of the path (Carbon).")
    static let maxCreatesPerMinute = SettingKey(
        "max_creates_per_minute", .whole(0...1_000_000), default: "0", example: "50",
        "The most new series in a minute: set it to the server's MAX_CREATES_PER_MINUTE, beyond "
            + "which it drops points silently (Carbon). 0: no limit.")

    static let auth = SettingKey(
        "auth", .flag, example: "yes",
        "Whether user and pass, or token, are used. Without this key they are when they are there; "
            + "with `no` they are placeholders.")
    static let user = SettingKey("user", .text, example: "puypuy", "The name of the user.")
    static let password = SettingKey(
        "pass", .text, example: "${INFLUX_PASSWORD}", isSecret: true,
        "The password. Better in pass_file, or in the environment: ${INFLUX_PASSWORD}.")
    static let passwordFile = SettingKey(
        "pass_file", .path, example: "/etc/puypuy/influx.pass",
        "The file that holds the password, alone on its first line.")
    static let token = SettingKey(
        "token", .text, example: "${INFLUX_TOKEN}", isSecret: true,
        "The token, for servers that want one instead of a user and a password.")
    static let tokenFile = SettingKey(
        "token_file", .path, example: "/etc/puypuy/influx.token",
        "The file that holds the token, alone on its first line.")

    static let caFile = SettingKey(
        "ca_file", .path, example: "/etc/puypuy/ca.pem",
        "Certificates to trust instead of the system's. PEM file.")
    static let clientCertificate = SettingKey(
        "client_cert", .path, example: "/etc/puypuy/client.pem",
        "Our certificate, for servers that ask for one. PEM file.")
    static let clientKey = SettingKey(
        "client_key", .path, example: "/etc/puypuy/client.key",
        "The key of our certificate. PEM file.")
    static let skipsVerification = SettingKey(
        "insecure_skip_verify", .flag, default: "no", example: "yes",
        "Takes any certificate. Whoever is in between then reads and changes everything.")
    static let proxy = SettingKey(
        "proxy", .text, example: "http://proxy.example.com:3128",
        "The proxy: http://host:3128, socks5h://host:1080.")

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
        "max_points_per_second", .whole(0...1_000_000_000), default: "0", example: "50000",
        "The most points that are sent in a second, to spare a server after an outage. 0: no limit."
    )
    static let drainOrder = SettingKey(
        "drain_order", .choice(["fresh_first", "oldest_first"]), example: "oldest_first",
        "What goes first after an outage: the newest points, with a share for the backlog, or "
            + "strictly the oldest. Empty: fresh_first, and oldest_first for "
            + "PrometheusRemoteWrite.")
    static let backfill = SettingKey(
        "backfill", .hours(0...87600), default: "0", example: "24h",
        "How much of what the spool already holds a new destination gets. Hours; 0: only what is "
            + "collected from then on.")
    static let gzip = SettingKey(
        "gzip", .flag, default: "yes", example: "no", "Compresses the requests.")
    static let integers = SettingKey(
        "integers", .flag, default: "no", example: "yes",
        "Sends integers as integers instead of floats. A series that was a float before then "
            + "conflicts with itself.")
    static let precision = SettingKey(
        "precision", .choice(["ns", "us", "ms", "s"]), example: "ms",
        "The unit of the timestamps on the wire. Empty: ns for InfluxDB, ms for OpenTSDB, which "
            + "takes ms and s. The others have one unit.")

    /// All keys of `[TSDB]`.
    public static let all: [SettingKey] =
        [type] + server + special + delivery + [
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

    /// The server and the way to it.
    private static let server: [SettingKey] =
        [address, database, retentionPolicy, organization, bucket, path] + credentials + connection

    private static let credentials = [auth, user, password, passwordFile, token, tokenFile]

    private static let connection = [
        caFile, clientCertificate, clientKey, skipsVerification, proxy,
    ]

    /// What only some databases need.
    private static let special = [chunked, dropTags, carbonTags, maxCreatesPerMinute]

    private static let delivery = requests + [gzip, integers, precision]

    private static let requests = [
        timeoutSeconds, reconnectMaxSeconds, maxBatchPoints, maxPointsPerSecond, drainOrder,
        backfill,
    ]

    /// The keys that count for destinations of `type`.
    static func effective(for type: BackendType) -> [SettingKey] {
        let http = [BackendKey.type, address] + connection + requests + credentials
        return switch type {
        case .influxDB: http + [database, retentionPolicy, gzip, integers, precision]
        case .influxDB2: http + [organization, bucket, gzip, integers, precision]
        case .influxDB3: http + [database, gzip, integers, precision]
        case .openTSDB: http + [path, chunked, dropTags, gzip, precision]
        case .kairosDB: http + [path, gzip]
        case .prometheusRemoteWrite: http + [path]
        case .carbon:
            [BackendKey.type, address, carbonTags, maxCreatesPerMinute] + connection + requests
        case .prometheus, .local: [BackendKey.type]
        }
    }

    /// The keys that destinations of `type` cannot do without.
    static func required(for type: BackendType) -> [SettingKey] {
        switch type {
        case .influxDB, .influxDB3: [address, database]
        case .influxDB2: [address, organization, bucket]
        case .openTSDB, .kairosDB, .carbon, .prometheusRemoteWrite: [address]
        case .prometheus, .local: []
        }
    }
}
