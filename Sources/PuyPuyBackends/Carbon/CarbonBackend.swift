internal import PuyPuyCore

/// Graphite's Carbon: pickled points over TCP, or over TLS to a relay.
///
/// Not Sendable: it belongs to its sender's thread, like the transport in it. There is no connection
/// between two requests: the end of one is part of the confirmation.
final class CarbonBackend: Backend {
    private let transport: CarbonTransport
    private let mask: SecretMask
    private var encoder: PickleEncoder
    private var pace: CreatePace?

    /// A backend that sends as `configuration` says. Connects only when something is delivered.
    /// New series are paced by `clock`.
    init(
        _ configuration: BackendConfiguration, interrupt: Interrupt, version: String,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) throws(BackendsError) {
        try CarbonBackend.validate(configuration)
        transport = CarbonTransport(
            try CarbonAddress(configuration.url),
            options: HTTPOptions(configuration, version: version), interrupt: interrupt)
        mask = SecretMask(.none, proxy: configuration.proxy)
        encoder = PickleEncoder(tagged: configuration.sendsCarbonTags)
        pace = configuration.maxCreatesPerMinute.map { CreatePace(limit: $0, clock: clock) }
    }

    /// Throws what would keep `configuration` from ever working, the network aside.
    static func validate(_ configuration: BackendConfiguration) throws(BackendsError) {
        _ = try CarbonAddress(configuration.url)
        if configuration.proxy?.lowercased().hasPrefix("https:") == true {
            // The end of the stream cannot be sent through two layers of TLS.
            throw BackendsError(
                .misconfigured, operation: "read", subject: "proxy",
                cause: "Carbon cannot be reached through a proxy that speaks TLS itself",
                hint: "use a proxy http://… or socks5h://…")
        }
        if let limit = configuration.maxCreatesPerMinute, limit < 1 {
            throw BackendsError(
                .misconfigured, operation: "read", subject: "max_creates_per_minute",
                cause: "\(limit) would never let a new series through")
        }
    }

    func deliver(
        _ points: PointBlock, catalog: any SeriesCatalog, isPrepared: Bool, meanwhile: () -> Void
    ) -> Attempt {
        pace?.begin()
        encoder.encode(points, catalog: catalog, pace: &pace)
        let frames = encoder.frames
        let looked = frames.leavesOut ? frames.rows : nil
        if frames.points == 0 {
            if frames.rejections.isEmpty { return Attempt(.postponed(pace?.wait ?? .zero)) }
            return Attempt(.acceptedExcept(frames.rejections), rows: looked)
        }
        return Attempt(mask.mask(send(frames)), rows: looked)
    }

    /// Nothing to do: no connection outlives its request, and each looks the name up anew.
    func disconnect() {}

    private func send(_ frames: PickleFrames) -> Outcome {
        let answer: Result<Void, BackendsError> = frames.bytes.withUnsafeBytes { bytes in
            Result { () throws(BackendsError) in try transport.send(bytes) }
        }
        switch answer {
        case .success:
            pace?.end(isConfirmed: true, nothingWasSent: false)
            return frames.rejections.isEmpty ? .accepted : .acceptedExcept(frames.rejections)
        case .failure(let error):
            pace?.end(isConfirmed: false, nothingWasSent: error.kind == .unreachable)
            return error.outcome
        }
    }
}
