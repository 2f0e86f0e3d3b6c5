/// Makes of a request body what goes over the wire, so that its size is known before it is sent and
/// compression can be given up.
///
/// Not Sendable: it belongs to the thread of its backend.
final class WireBody {
    /// A body as it is sent. Valid until the next one is made.
    struct Form {
        /// The bytes, compressed or the body itself.
        let bytes: UnsafeRawBufferPointer
        /// Whether they are compressed.
        let isCompressed: Bool

        /// The header lines that go with them, which are of `type`.
        func headers(_ type: String = "application/json") -> [String] {
            ["Content-Type: \(type)"] + (isCompressed ? ["Content-Encoding: gzip"] : [])
        }
    }

    /// Whether bodies that are worth it are compressed.
    var compresses: Bool
    private var gzip: GzipEncoder?

    init(compresses: Bool) { self.compresses = compresses }

    /// The form of `body`, which must live as long.
    func form(of body: UnsafeRawBufferPointer) throws(BackendsError) -> Form {
        guard compresses && body.count >= GzipEncoder.worthwhileBytes else {
            return Form(bytes: body, isCompressed: false)
        }
        let gzip: GzipEncoder
        if let known = self.gzip { gzip = known } else { gzip = try GzipEncoder() }
        self.gzip = gzip
        return Form(bytes: gzip.compress(body), isCompressed: true)
    }
}
