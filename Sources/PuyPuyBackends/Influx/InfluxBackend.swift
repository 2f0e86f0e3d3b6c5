internal import PuyPuyCore

/// InfluxDB of any version: line protocol over HTTP.
///
/// Not Sendable: it belongs to its sender's thread, like the transport in it.
final class InfluxBackend: Backend {
    private let transport: HTTPTransport
    private let api: any InfluxAPI
    private let target: String
    private let mask: SecretMask
    private var encoder: LineProtocol

    /// A backend that writes to `api` as `configuration` says. Connects only when something is
    /// delivered.
    init(
        _ configuration: BackendConfiguration, api: any InfluxAPI, interrupt: Interrupt,
        version: String
    ) throws(BackendsError) {
        var options = HTTPOptions(configuration, version: version)
        options.tokenScheme = api.tokenScheme
        transport = HTTPTransport(
            try ServerAddress(configuration.url), options: options, interrupt: interrupt)
        self.api = api
        target = api.target
        mask = SecretMask(configuration.credentials, proxy: configuration.proxy)
        encoder = LineProtocol(
            api.dialect, precision: configuration.precision,
            sendsIntegers: configuration.sendsIntegers)
    }

    func deliver(_ points: PointBlock, catalog: any SeriesCatalog) -> Attempt {
        encoder.encode(points, catalog: catalog)
        if encoder.lines.count == 0 { return Attempt(.acceptedExcept(encoder.lines.rejections)) }
        let attempt = send(encoder.lines)
        return Attempt(mask.mask(attempt.outcome), rows: attempt.rows)
    }

    func disconnect() { transport.disconnect() }

    private func send(_ lines: LineBlock) -> Attempt {
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
        case .success(let response): api.classify(response, lines: lines)
        case .failure(let error): Attempt(error.outcome)
        }
    }
}
