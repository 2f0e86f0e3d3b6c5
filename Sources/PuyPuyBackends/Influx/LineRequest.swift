internal import PuyPuyCore

/// A request in line protocol: its lines, and the form in which they go over the wire.
///
/// Not Sendable: it belongs to its backend's thread.
final class LineRequest {
    /// The lines as they are stored by the server.
    private(set) var lines = LineBlock()
    private let wire: WireBody
    /// The compressed lines; `nil` when they are sent as they are.
    private var compressed: WireBody.Form?

    /// A request without lines. With `compresses`, bodies that are worth it are compressed.
    init(compresses: Bool) { wire = WireBody(compresses: compresses) }

    /// Makes it the request of `points`.
    func fill(_ points: PointBlock, _ catalog: any SeriesCatalog, _ encoder: inout LineProtocol) {
        encoder.encode(points, catalog: catalog, to: &lines)
        compressed = lines.bytes.withUnsafeBytes { body in
            // Without memory to compress, the lines go as they are.
            let form = try? wire.form(of: body)
            return form.flatMap { $0.isCompressed ? $0 : nil }
        }
    }

    /// Calls `body` with what is to be sent, which is valid until it returns.
    func withForm<Answer>(
        _ body: (WireBody.Form) throws(BackendsError) -> Answer
    ) throws(BackendsError) -> Answer {
        if let compressed { return try body(compressed) }
        let answer = lines.bytes.withUnsafeBytes { bytes in
            Result { () throws(BackendsError) in
                try body(WireBody.Form(bytes: bytes, isCompressed: false))
            }
        }
        return try answer.get()
    }
}
