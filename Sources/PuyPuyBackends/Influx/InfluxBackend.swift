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
    /// The request that was sent last, and the one that is prepared.
    private var current: LineRequest
    private var next: LineRequest

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
        current = LineRequest(compresses: configuration.compresses)
        next = LineRequest(compresses: configuration.compresses)
    }

    var takesAnyOrder: Bool { true }

    func prepare(_ points: PointBlock, catalog: any SeriesCatalog) {
        next.fill(points, catalog, &encoder)
    }

    func deliver(
        _ points: PointBlock, catalog: any SeriesCatalog, isPrepared: Bool, meanwhile: () -> Void
    ) -> Attempt {
        if isPrepared {
            swap(&current, &next)
        } else {
            current.fill(points, catalog, &encoder)
        }
        let lines = current.lines
        if lines.count == 0 { return Attempt(.acceptedExcept(lines.rejections)) }
        let attempt = send(current, meanwhile)
        return Attempt(mask.mask(attempt.outcome), rows: attempt.rows)
    }

    func disconnect() { transport.disconnect() }

    private func send(_ request: LineRequest, _ meanwhile: () -> Void) -> Attempt {
        do throws(BackendsError) {
            let response = try request.withForm { form throws(BackendsError) in
                try transport.post(
                    target, headers: form.headers("text/plain; charset=utf-8"), body: form.bytes,
                    meanwhile: meanwhile)
            }
            return api.classify(response, lines: request.lines)
        } catch {
            return Attempt(error.outcome)
        }
    }
}
