internal import Glibc

/// The kinds of backend that there are.
public enum BackendRegistry {
    /// Makes the backend that `configuration` describes, on the thread that will use it. `version`
    /// is PuyPuy's own, for the server's logs.
    ///
    /// Touches files only to see that they can be read, and never the network: a backend that is
    /// down is no error. Throws what an operator must correct, and for ``BackendType/local``, which
    /// has nothing to send to.
    public static func makeBackend(
        _ configuration: BackendConfiguration, interrupt: Interrupt, version: String
    ) throws(BackendsError) -> any Backend {
        try validate(configuration)
        switch configuration.type {
        case .influxDB:
            return try InfluxBackend(
                configuration, api: InfluxDB1API(configuration: configuration),
                interrupt: interrupt, version: version)
        case .influxDB2:
            return try InfluxBackend(
                configuration, api: InfluxDB2API(configuration: configuration),
                interrupt: interrupt, version: version)
        case .influxDB3:
            return try InfluxBackend(
                configuration, api: InfluxDB3API(configuration: configuration),
                interrupt: interrupt, version: version)
        case .openTSDB:
            return try OpenTSDBBackend(configuration, interrupt: interrupt, version: version)
        case .kairosDB:
            return try KairosBackend(configuration, interrupt: interrupt, version: version)
        case .carbon:
            return try CarbonBackend(configuration, interrupt: interrupt, version: version)
        case .prometheusRemoteWrite:
            return try RemoteWriteBackend(configuration, interrupt: interrupt, version: version)
        case .local, .prometheus:
            throw refusal(
                configuration,
                "\(configuration.type.rawValue) keeps the points in the spool and has no sender")
        }
    }

    /// Throws what would keep `configuration` from ever working, the network aside.
    public static func validate(_ configuration: BackendConfiguration) throws(BackendsError) {
        guard configuration.type.hasSender else { return }
        do throws(BackendsError) {
            switch configuration.type {
            case .carbon: try CarbonBackend.validate(configuration)
            default: _ = try ServerAddress(configuration.url)
            }
        } catch {
            throw refusal(configuration, error.reason, error.hint)
        }
        for (key, value) in required(configuration) where value.isEmpty {
            throw refusal(configuration, "no \(key) is named", "set \(key)")
        }
        guard configuration.timeout > .zero, configuration.connectTimeout > .zero else {
            throw refusal(configuration, "a timeout is not positive")
        }
        try validate(configuration.credentials, of: configuration)
        let files = [
            ("ca_file", configuration.caFile), ("client_cert", configuration.clientCertificate),
            ("client_key", configuration.clientKey),
        ]
        for case (let key, .some(let path)) in files where access(path, R_OK) != 0 {
            let words = String(cString: strerror(errno))
            throw refusal(configuration, "\(key) \(path): \(words)")
        }
    }

    /// The keys that a type cannot do without, and what they say.
    private static func required(
        _ configuration: BackendConfiguration
    ) -> [(key: String, value: String)] {
        switch configuration.type {
        case .influxDB, .influxDB3: [("database", configuration.database)]
        case .influxDB2:
            [("organization", configuration.organization), ("bucket", configuration.bucket)]
        case .openTSDB, .kairosDB, .carbon, .prometheusRemoteWrite, .prometheus, .local: []
        }
    }

    /// A header ends at a newline, and a Basic user name at its first colon (RFC 7617).
    private static func validate(
        _ credentials: Credentials, of configuration: BackendConfiguration
    ) throws(BackendsError) {
        let words =
            switch credentials {
            case .none: ""
            case .basic(let user, let password): user + password
            case .token(let token): token
            }
        if words.utf8.contains(where: { $0 < 32 || $0 == 127 }) {
            throw refusal(
                configuration, "the credentials hold a control character",
                "look for a line break at the end of a password file")
        }
        if case .basic(let user, _) = credentials, user.contains(":") {
            throw refusal(configuration, "the user name holds a colon")
        }
    }

    private static func refusal(
        _ configuration: BackendConfiguration, _ cause: String, _ hint: String = ""
    ) -> BackendsError {
        BackendsError(
            .misconfigured, operation: "set up", subject: "backend \(configuration.name)",
            cause: cause, hint: hint)
    }
}
