internal import PuyPuyCore

/// InfluxDB 1.x: line protocol over HTTP.
///
/// Not Sendable: it belongs to its sender's thread, like the transport in it.
final class InfluxBackend: Backend {
    private let transport: HTTPTransport
    private let database: String
    private let target: String
    private let mask: SecretMask
    private var encoder: LineProtocol

    /// A backend that sends as `configuration` says. Connects only when something is delivered.
    init(
        _ configuration: BackendConfiguration, interrupt: Interrupt, version: String
    ) throws(BackendsError) {
        transport = HTTPTransport(
            try ServerAddress(configuration.url),
            options: HTTPOptions(configuration, version: version), interrupt: interrupt)
        database = configuration.database
        target = InfluxBackend.target(configuration)
        mask = SecretMask(configuration.credentials, proxy: configuration.proxy)
        encoder = LineProtocol(
            precision: configuration.precision, sendsIntegers: configuration.sendsIntegers)
    }

    func deliver(_ points: PointBlock, catalog: any SeriesCatalog) -> Attempt {
        encoder.encode(points, catalog: catalog)
        if encoder.lines.count == 0 { return Attempt(.acceptedExcept(encoder.lines.rejections)) }
        return Attempt(mask.mask(send(encoder.lines)))
    }

    func disconnect() { transport.disconnect() }

    private func send(_ lines: LineBlock) -> Outcome {
        let answer: Result<HTTPResponse, BackendsError> = lines.bytes.withUnsafeBytes { body in
            do throws(BackendsError) {
                return .success(
                    try transport.post(
                        target, headers: ["Content-Type: text/plain; charset=utf-8"], body: body))
            } catch {
                return .failure(error)
            }
        }
        return switch answer {
        case .success(let response):
            InfluxClassifier.classify(response, lines: lines, database: database)
        case .failure(let error): error.outcome
        }
    }

    /// `/write` with its query. The server takes `n`, `u`, `ms` and `s`; any other precision, `ns`
    /// and `us` among them, means nanoseconds to it, with 204.
    static func target(_ configuration: BackendConfiguration) -> String {
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
}
