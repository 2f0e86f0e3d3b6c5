internal import PuyPuyCore

/// A server that takes Prometheus' remote write 1.0: Prometheus itself, VictoriaMetrics, Mimir …
///
/// Not Sendable: it belongs to its sender's thread, like the transport in it.
final class RemoteWriteBackend: Backend {
    /// Where Prometheus and VictoriaMetrics take remote write.
    static let defaultPath = "/api/v1/write"

    private static let headers = [
        "Content-Type: application/x-protobuf", "Content-Encoding: snappy",
        "X-Prometheus-Remote-Write-Version: 0.1.0",
    ]

    private let transport: HTTPTransport
    private let target: String
    private let mask: SecretMask
    private let snappy = SnappyEncoder()
    private var encoder = WriteRequestEncoder()
    private var doubts = DoubtfulSamples()

    /// A backend that sends as `configuration` says. Connects only when something is delivered.
    init(
        _ configuration: BackendConfiguration, interrupt: Interrupt, version: String
    ) throws(BackendsError) {
        var options = HTTPOptions(configuration, version: version)
        options.tokenScheme = "Bearer"
        options.sendsOnce = true  // A second time would be refused as out of order.
        transport = HTTPTransport(
            try ServerAddress(configuration.url), options: options, interrupt: interrupt)
        target = ServerAddress.absolute(
            configuration.path, otherwise: RemoteWriteBackend.defaultPath)
        mask = SecretMask(configuration.credentials, proxy: configuration.proxy)
    }

    func deliver(
        _ points: PointBlock, catalog: any SeriesCatalog, isPrepared: Bool, meanwhile: () -> Void
    ) -> Attempt {
        encoder.encode(points, catalog: catalog, except: doubts.isStored)
        let request = encoder.request
        if request.sampleCount == 0 { return Attempt(request.acceptedExcept()) }
        switch send(request, meanwhile) {
        case .stored:
            doubts.settle(request)
            return Attempt(request.acceptedExcept())
        case .refused(let reason, let objection):
            return refused(request, mask.mask(reason), objection, of: points.count)
        case .unjudged(let outcome, let isDoubtful):
            if isDoubtful { doubts.note(request) }
            return Attempt(mask.mask(outcome))
        }
    }

    func disconnect() { transport.disconnect() }

    private func send(
        _ request: WriteRequest, _ meanwhile: () -> Void
    ) -> RemoteWriteClassifier.Verdict {
        request.bytes.withUnsafeBytes { bytes in
            do throws(BackendsError) {
                let response = try transport.post(
                    target, headers: RemoteWriteBackend.headers, body: snappy.compress(bytes),
                    meanwhile: meanwhile)
                return RemoteWriteClassifier(response: response).verdict
            } catch {
                return .unjudged(error.outcome, isDoubtful: error.kind != .unreachable)
            }
        }
    }

    /// The server stored nothing of `request`, and does not say because of which samples.
    ///
    /// No suspects are named: what is searched must stay in the order of time.
    private func refused(
        _ request: WriteRequest, _ reason: String,
        _ objection: RemoteWriteClassifier.Objection, of pointCount: Int
    ) -> Attempt {
        guard request.sampleCount == 1 else {
            let carriesAll = request.rows.count == pointCount
            return Attempt(
                .refused(reason: reason, suspects: []), rows: carriesAll ? nil : request.rows)
        }
        let (series, timeMs) = (request.series[0].id, request.timesMs[0])
        let isStored =
            switch objection {
            case .outOfOrder: doubts.resolve(series, outOfOrderMs: timeMs)
            case .taken: doubts.contains(series, timeMs)
            case .other: false
            }
        if isStored { return Attempt(request.acceptedExcept()) }
        return Attempt(request.acceptedExcept(request.rows, reason: reason))
    }
}
