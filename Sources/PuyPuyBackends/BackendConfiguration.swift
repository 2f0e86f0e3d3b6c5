/// What kind of database a backend is: the values of `tsdtype`.
public enum BackendType: String, Sendable, Hashable, CaseIterable {
    /// InfluxDB 1.x, line protocol over HTTP.
    case influxDB = "InfluxDB"
    /// InfluxDB 2.x, line protocol over HTTP, into a bucket.
    case influxDB2 = "InfluxDB2"
    /// InfluxDB 3.x, line protocol over HTTP.
    case influxDB3 = "InfluxDB3"
    /// OpenTSDB 2.x, JSON over HTTP.
    case openTSDB = "OpenTSDB"
    /// KairosDB, JSON over HTTP.
    case kairosDB = "KairosDB"
    /// Graphite's Carbon, pickle over TCP.
    case carbon = "Carbon"
    /// A Prometheus, VictoriaMetrics, Mimir … that is written to (remote write 1.0).
    case prometheusRemoteWrite = "PrometheusRemoteWrite"
    /// A Prometheus that reads the last values at /metrics. The spool keeps the points, and there is
    /// no sender.
    case prometheus = "Prometheus"
    /// Nowhere: the spool itself keeps the points, and there is no sender.
    case local = "Local"

    /// Whether points are sent anywhere: ``local`` and ``prometheus`` need neither a sender nor a
    /// backend.
    public var hasSender: Bool { self != .local && self != .prometheus }
}

/// The settings of one backend, as `[TSDB]` or `[TSDB:NAME]` gives them.
public struct BackendConfiguration: Sendable, Hashable {
    /// The name: `default` for `[TSDB]`, else the NAME of `[TSDB:NAME]`.
    public var name: String
    /// The kind of database.
    public var type: BackendType
    /// The server's address, `http://host:8086` or with a path; empty for ``BackendType/local``.
    public var url: String = ""
    /// The database that receives the points (InfluxDB 1.x).
    public var database: String = ""
    /// The retention policy (InfluxDB 1.x); empty for the database's default.
    public var retentionPolicy: String = ""
    /// The organization that owns the bucket, name or ID (InfluxDB 2.x).
    public var organization: String = ""
    /// The bucket that receives the points (InfluxDB 2.x).
    public var bucket: String = ""
    /// The path that takes points, behind the address (OpenTSDB, KairosDB, remote write).
    public var path: String = ""
    /// Whether the server takes requests over 8 KiB; `nil` to find out (OpenTSDB).
    public var takesChunked: Bool?
    /// The tags that are left out (OpenTSDB, which takes eight at most).
    public var droppedTags: [String] = []
    /// Sends tags as tags instead of as parts of the path (Carbon).
    public var sendsCarbonTags = false
    /// The most new series in a minute; `nil` without a limit (Carbon, which drops more silently).
    public var maxCreatesPerMinute: Int?
    /// How the backend knows us.
    public var credentials: Credentials = .none
    /// The time for a whole request, from connecting to the end of the answer.
    public var timeout: Duration = .seconds(30)
    /// The time to connect, name look-up and TLS included.
    public var connectTimeout: Duration = .seconds(5)
    /// Certificates to trust instead of the system's (PEM file).
    public var caFile: String?
    /// Our certificate, for servers that ask for one (PEM file).
    public var clientCertificate: String?
    /// The key of our certificate (PEM file).
    public var clientKey: String?
    /// Takes any certificate. Off unless somebody asks for it.
    public var skipsVerification = false
    /// A proxy, as libcurl takes it: `http://host:3128`, `socks5h://host:1080`. Without one the
    /// environment's `http_proxy` is not used either.
    public var proxy: String?
    /// Compresses request bodies.
    public var compresses = true
    /// Sends integers as the database's integers instead of floats. A series that was a float
    /// before then conflicts with itself.
    public var sendsIntegers = false
    /// The unit of the timestamps on the wire. Times are rounded down to it, and of points of one
    /// series that then have the same time the last one stays.
    public var precision: Precision = .nanoseconds
    /// The most points in one request.
    public var maxBatchPoints = 10_000
    /// The most points in a second; `nil` without a limit.
    public var maxPointsPerSecond: Int?
    /// The most time between two attempts to connect.
    public var reconnectMax: Duration = .seconds(5)
    /// Which pending points go first.
    public var drainOrder: DrainOrder = .freshFirst
    /// How far back a new backend gets what the spool already holds; `nil` for only what is
    /// collected from then on.
    public var backfill: Duration?

    /// The settings of a backend, with the defaults for all that is not named.
    public init(name: String, type: BackendType) {
        self.name = name
        self.type = type
    }

    /// The unit of a timestamp.
    public enum Precision: String, Sendable, Hashable, CaseIterable {
        /// 1e-9 s
        case nanoseconds = "ns"
        /// 1e-6 s
        case microseconds = "us"
        /// 1e-3 s
        case milliseconds = "ms"
        /// 1 s
        case seconds = "s"
    }

    /// Which pending points go first.
    public enum DrainOrder: String, Sendable, Hashable, CaseIterable {
        /// The newest, with a guaranteed share for the backlog.
        case freshFirst = "fresh_first"
        /// Strictly by age.
        case oldestFirst = "oldest_first"
    }
}

/// How a backend knows us. Its description never shows the secret.
public enum Credentials: Sendable, Hashable, CustomStringConvertible {
    /// No credentials.
    case none
    /// User name and password (HTTP basic).
    case basic(user: String, password: String)
    /// A token (`Authorization: Token …`).
    case token(String)

    /// `none`, `basic (user NAME)` or `token`.
    public var description: String {
        switch self {
        case .none: "none"
        case .basic(let user, _): "basic (user \(user))"
        case .token: "token"
        }
    }
}
