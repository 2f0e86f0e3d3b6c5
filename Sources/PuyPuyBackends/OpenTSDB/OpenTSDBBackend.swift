internal import PuyPuyCore

/// OpenTSDB 2.x, and what speaks its protocol: JSON over HTTP.
///
/// Not Sendable: it belongs to its sender's thread, like the transport in it.
final class OpenTSDBBackend: Backend {
    /// The most that OpenTSDB takes with `tsd.http.request.enable_chunked = false`, its default: a
    /// larger body reaches it in chunks. It counts the bytes on the wire.
    static let unchunkedBytes = 8192
    /// How full a request is meant to be, since its size is only estimated.
    private static let fill = 0.9
    /// Below so many points a request tells little about the size of a point.
    private static let tellingPoints = 50

    private let transport: HTTPTransport
    private let wire: WireBody
    private let target: String
    private let mask: SecretMask
    private var encoder: OpenTSDBEncoder
    private var limitBytes: Int
    /// As the last request had it; at first that of a compressed point.
    private var wireBytesPerPoint = 30.0

    /// A backend that sends as `configuration` says. Connects only when something is delivered.
    init(
        _ configuration: BackendConfiguration, interrupt: Interrupt, version: String
    ) throws(BackendsError) {
        let options = HTTPOptions(configuration, version: version)
        transport = HTTPTransport(
            try ServerAddress(configuration.url), options: options, interrupt: interrupt)
        wire = WireBody(compresses: configuration.compresses)
        target = OpenTSDBBackend.target(configuration.path)
        mask = SecretMask(configuration.credentials, proxy: configuration.proxy)
        encoder = OpenTSDBEncoder(
            precision: configuration.precision, droppedTags: configuration.droppedTags)
        limitBytes = configuration.takesChunked == true ? .max : OpenTSDBBackend.unchunkedBytes
    }

    func deliver(
        _ points: PointBlock, catalog: any SeriesCatalog, isPrepared: Bool, meanwhile: () -> Void
    ) -> Attempt {
        let outcome: Outcome
        do throws(BackendsError) {
            outcome = try exchange(points, catalog)
        } catch {
            outcome = error.outcome
        }
        return Attempt(mask.mask(outcome), first: encoder.block.rowEnd, of: points.count)
    }

    func disconnect() { transport.disconnect() }

    /// `path` with the query that every put has: the points that are refused are named, and the
    /// answer waits for the storage.
    ///
    /// Without a `sync_timeout`, which would name the wrong points when it passes
    /// (`PutDataPointRpc.PutTimeout`); our own timeout and the storage's limit the wait.
    static func target(_ path: String) -> String {
        let target = ServerAddress.absolute(path, otherwise: "/api/put")
        return target + (target.contains("?") ? "&" : "?") + "details&sync"
    }
}

extension OpenTSDBBackend {
    /// An answer, and the form of the request that it answers.
    private typealias Exchange = (response: HTTPResponse, isCompressed: Bool)

    /// Sends what fits, and again in another form when the server says that it cannot read this one.
    private func exchange(
        _ points: PointBlock, _ catalog: any SeriesCatalog
    ) throws(BackendsError) -> Outcome {
        guard var (response, isCompressed) = try fitAndSend(points, catalog) else {
            return .acceptedExcept(encoder.block.rejections)
        }
        if OpenTSDBClassifier.refusesChunks(response) && response.sentBytes > Self.unchunkedBytes {
            limitBytes = Self.unchunkedBytes
            guard let smaller = try fitAndSend(points, catalog) else {
                return .acceptedExcept(encoder.block.rejections)
            }
            (response, isCompressed) = smaller
        }
        if isCompressed && OpenTSDBClassifier.mayRefuseCompression(response) {
            guard let plain = try sendUncompressed(points, catalog) else {
                return .acceptedExcept(encoder.block.rejections)
            }
            response = plain
        }
        return OpenTSDBClassifier.classify(response, block: encoder.block)
    }

    /// As ``fitAndSend(_:_:)``, without compression. When that helps, nothing is compressed from then
    /// on.
    private func sendUncompressed(
        _ points: PointBlock, _ catalog: any SeriesCatalog
    ) throws(BackendsError) -> HTTPResponse? {
        wire.compresses = false
        do throws(BackendsError) {
            guard let plain = try fitAndSend(points, catalog)?.response else { return nil }
            wire.compresses = OpenTSDBClassifier.mayRefuseCompression(plain)
            return plain
        } catch {
            wire.compresses = true
            throw error
        }
    }

    /// Encodes and sends as many of the first points as fit; `nil` when none of them can be sent.
    private func fitAndSend(
        _ points: PointBlock, _ catalog: any SeriesCatalog
    ) throws(BackendsError) -> Exchange? {
        encoder.encode(first: estimate(of: points.count), of: points, catalog: catalog)
        while encoder.block.count > 0 {
            let count = encoder.block.count
            let (size, answer) = try sendIfItFits()
            if count >= Self.tellingPoints { wireBytesPerPoint = Double(size) / Double(count) }
            if let answer { return answer }
            if count == 1 {
                encoder.refuseOnly(
                    "the point alone has \(size) bytes, and OpenTSDB takes \(limitBytes) in a "
                        + "request: set chunked when the server takes more")
            } else {
                let fitting = Double(count) * Double(limitBytes) / Double(size)
                encoder.cut(to: max(1, min(count - 1, Int(fitting * Self.fill))))
            }
        }
        return nil
    }

    /// How many of `count` points to try.
    private func estimate(of count: Int) -> Int {
        if limitBytes == .max { return count }
        return min(count, max(1, Int(Double(limitBytes) * Self.fill / wireBytesPerPoint)))
    }

    /// The size of the request on the wire, and the answer to it when it is not over the limit.
    ///
    /// A server that takes chunks, but not so large ones, hangs up without a word
    /// (`tsd.http.request.max_chunk`): after a failure of a large request the next are smaller.
    private func sendIfItFits() throws(BackendsError) -> (size: Int, answer: Exchange?) {
        let result: Result<(Int, Exchange?), BackendsError> =
            encoder.block.bytes.withUnsafeBytes { body in
                do throws(BackendsError) {
                    let form = try wire.form(of: body)
                    let size = form.bytes.count
                    return .success((size, size <= limitBytes ? try post(form) : nil))
                } catch {
                    return .failure(error)
                }
            }
        return try result.get()
    }

    private func post(_ form: WireBody.Form) throws(BackendsError) -> Exchange {
        do throws(BackendsError) {
            let response = try transport.post(target, headers: form.headers(), body: form.bytes)
            return (response, form.isCompressed)
        } catch {
            if error.kind == .transient && form.bytes.count > Self.unchunkedBytes {
                limitBytes = max(Self.unchunkedBytes, form.bytes.count / 2)
            }
            throw error
        }
    }
}
