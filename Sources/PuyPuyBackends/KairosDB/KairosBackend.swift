internal import PuyPuyCore

/// KairosDB: JSON over HTTP.
///
/// Not Sendable: it belongs to its sender's thread, like the transport in it.
final class KairosBackend: Backend {
    private let transport: HTTPTransport
    private let wire: WireBody
    private let target: String
    private let mask: SecretMask
    private var encoder = KairosEncoder()

    /// A backend that sends as `configuration` says. Connects only when something is delivered.
    init(
        _ configuration: BackendConfiguration, interrupt: Interrupt, version: String
    ) throws(BackendsError) {
        let options = HTTPOptions(configuration, version: version)
        transport = HTTPTransport(
            try ServerAddress(configuration.url), options: options, interrupt: interrupt)
        wire = WireBody(compresses: configuration.compresses)
        target = ServerAddress.absolute(configuration.path, otherwise: "/api/v1/datapoints")
        mask = SecretMask(configuration.credentials, proxy: configuration.proxy)
    }

    func deliver(
        _ points: PointBlock, catalog: any SeriesCatalog, isPrepared: Bool, meanwhile: () -> Void
    ) -> Attempt {
        encoder.encode(points, catalog: catalog)
        if encoder.block.count == 0 { return Attempt(.acceptedExcept(encoder.block.rejections)) }
        do throws(BackendsError) {
            return Attempt(mask.mask(try exchange(meanwhile)))
        } catch {
            return Attempt(mask.mask(error.outcome))
        }
    }

    func disconnect() { transport.disconnect() }

    /// Sends the block, and again without compression when the server may not know it. When that
    /// helps, nothing is compressed from then on.
    private func exchange(_ meanwhile: () -> Void) throws(BackendsError) -> Outcome {
        let (response, isCompressed) = try send(meanwhile)
        guard isCompressed,
            KairosClassifier.mayRefuseCompression(response, block: encoder.block)
        else { return KairosClassifier.classify(response, block: encoder.block) }
        wire.compresses = false
        do throws(BackendsError) {
            let plain = try send({}).response
            wire.compresses = KairosClassifier.mayRefuseCompression(plain, block: encoder.block)
            return KairosClassifier.classify(plain, block: encoder.block)
        } catch {
            wire.compresses = true
            throw error
        }
    }

    private func send(
        _ meanwhile: () -> Void
    ) throws(BackendsError) -> (response: HTTPResponse, isCompressed: Bool) {
        let result: Result<(HTTPResponse, Bool), BackendsError> =
            encoder.block.bytes.withUnsafeBytes { body in
                do throws(BackendsError) {
                    let form = try wire.form(of: body)
                    let response = try transport.post(
                        target, headers: form.headers(), body: form.bytes, meanwhile: meanwhile)
                    return .success((response, form.isCompressed))
                } catch {
                    return .failure(error)
                }
            }
        return try result.get()
    }
}
