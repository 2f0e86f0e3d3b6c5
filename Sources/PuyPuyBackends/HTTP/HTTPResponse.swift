/// A server's whole answer to one request.
struct HTTPResponse: Sendable, Equatable {
    /// The status code, 100 to 599 from a sane server.
    var status: Int
    /// The body, up to ``HTTPAnswer/keptBodyBytes``.
    var body: [UInt8] = []
    /// False when the body was longer than what was kept.
    var bodyIsWhole = true
    /// The server's wish, from `Retry-After`.
    var retryAfter: Duration?
    /// Where a 3xx points to.
    var location: String?
    /// From the start of the request to the end of the answer, in seconds.
    var totalSeconds = 0.0
    /// The body as it went over the wire, compressed or not.
    var sentBytes = 0

    /// `HTTP 400: WORDS`: the status with as much of `text`, or of the body, as a log line bears.
    func reason(_ text: String? = nil) -> String {
        let text = text ?? String(decoding: body, as: UTF8.self)
        var line = ""
        for scalar in text.unicodeScalars.prefix(500) {
            if scalar.properties.generalCategory == .control {
                if line.last != " " { line.append(" ") }
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        while line.last == " " { line.removeLast() }
        return line.isEmpty ? "HTTP \(status)" : "HTTP \(status): \(line)"
    }
}
