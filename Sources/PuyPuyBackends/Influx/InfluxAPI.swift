internal import PuyPuyCore

/// What the versions of InfluxDB do not have in common: where lines go, and what an answer means.
protocol InfluxAPI {
    /// How names are written.
    var dialect: LineDialect { get }
    /// Path and query of a write, behind the server's address.
    var target: String { get }
    /// The word before a token in the Authorization header.
    var tokenScheme: String { get }
    /// What `response` means for the points of `lines`, some of which may not have been sent.
    func classify(_ response: HTTPResponse, lines: LineBlock) -> Attempt
}

/// `/write` of InfluxDB 1.x.
struct InfluxDB1API: InfluxAPI {
    let configuration: BackendConfiguration

    let dialect = LineDialect.influxDB1
    let tokenScheme = "Token"

    /// The server takes `n`, `u`, `ms` and `s`; any other precision, `ns` and `us` among them, means
    /// nanoseconds to it, with 204.
    var target: String {
        let precision =
            switch configuration.precision {
            case .nanoseconds: "n"
            case .microseconds: "u"
            case .milliseconds: "ms"
            case .seconds: "s"
            }
        var target = "/write?db=\(ServerAddress.queryEncoded(configuration.database))"
        if !configuration.retentionPolicy.isEmpty {
            target += "&rp=\(ServerAddress.queryEncoded(configuration.retentionPolicy))"
        }
        return target + "&precision=\(precision)"
    }

    func classify(_ response: HTTPResponse, lines: LineBlock) -> Attempt {
        Attempt(
            InfluxClassifier.classify(response, lines: lines, database: configuration.database))
    }
}

/// `/api/v2/write` of InfluxDB 2.x.
struct InfluxDB2API: InfluxAPI {
    let configuration: BackendConfiguration

    let dialect = LineDialect.influxDB2
    let tokenScheme = "Token"

    /// Organization and bucket are names or IDs, which the server tells apart.
    var target: String {
        "/api/v2/write?org=\(ServerAddress.queryEncoded(configuration.organization))"
            + "&bucket=\(ServerAddress.queryEncoded(configuration.bucket))"
            + "&precision=\(configuration.precision.rawValue)"
    }

    func classify(_ response: HTTPResponse, lines: LineBlock) -> Attempt {
        InfluxDB2Classifier(
            response: response, lines: lines, organization: configuration.organization,
            bucket: configuration.bucket
        ).attempt
    }
}

/// `/api/v3/write_lp` of InfluxDB 3.x.
struct InfluxDB3API: InfluxAPI {
    let configuration: BackendConfiguration

    let dialect = LineDialect.influxDB3
    let tokenScheme = "Bearer"

    /// Without a precision the server guesses it from the size of the first time. `no_sync` is left
    /// out: the server then answers when the points are in its write-ahead log.
    var target: String {
        let precision =
            switch configuration.precision {
            case .nanoseconds: "nanosecond"
            case .microseconds: "microsecond"
            case .milliseconds: "millisecond"
            case .seconds: "second"
            }
        return "/api/v3/write_lp?db=\(ServerAddress.queryEncoded(configuration.database))"
            + "&precision=\(precision)&accept_partial=true"
    }

    func classify(_ response: HTTPResponse, lines: LineBlock) -> Attempt {
        InfluxDB3Classifier(
            response: response, lines: lines, database: configuration.database
        ).attempt
    }
}
