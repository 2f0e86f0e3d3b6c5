internal import PuyPuyCore

/// A request to the local web server or the control socket, as far as its answer depends on it.
struct WebRequest: Sendable {
    /// Where a request comes from, which decides what it may do.
    enum Origin: Sendable, Hashable {
        /// The network, from this address.
        case network(address: String)
        /// The control socket, whose other side was found to be root or the daemon's own user.
        case control
    }

    var origin: Origin
    /// `GET`, `POST` …
    var method: String
    /// The path with its percent-encoding, without the query.
    var path: String
    /// What is behind the question mark, with its percent-encoding.
    var query = ""
    /// The values of the headers that matter; `nil` when a header is missing.
    var apiKey: String?
    var authorization: String?
    var acceptEncoding: String?
    /// What a POST brings, at most ``RequestGuard/maxBodyBytes``.
    var body: [UInt8] = []

    /// The parts of the path, decoded: `/api/v1/backends` has three. `nil` when it is no path.
    var segments: [String]? {
        guard path.hasPrefix("/") else { return nil }
        var segments: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let decoded = Self.percentDecoded(part) else { return nil }
            segments.append(decoded)
        }
        // `/metrics/` is `/metrics`.
        if segments.count > 1 && segments.last == "" { segments.removeLast() }
        return segments
    }

    /// Whether the other side takes gzip: RFC 9110, 12.5.3.
    var acceptsGzip: Bool {
        guard let acceptEncoding else { return false }
        return acceptEncoding.lowercased().split(separator: ",").contains { element in
            let parts = element.split(separator: ";").map { part in
                part.filter { !$0.isWhitespace }
            }
            guard let coding = parts.first, ["gzip", "x-gzip", "*"].contains(coding) else {
                return false
            }
            return !parts.dropFirst().contains { part in
                part.hasPrefix("q=") && Double(part.dropFirst(2)) ?? 1 == 0
            }
        }
    }

    /// `text` with its bytes decoded; `nil` when they are not UTF-8.
    static func percentDecoded(_ text: Substring) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2,
                rest.prefix(2).allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The answer to a ``WebRequest``.
struct WebAnswer: Sendable, Hashable {
    var status: Int
    var contentType: String
    var body: [UInt8]
    /// Headers beside Content-Type and Content-Length.
    var headers: [String: String] = [:]

    /// A text, with a line end behind it.
    static func text(_ status: Int, _ words: String) -> WebAnswer {
        WebAnswer(
            status: status, contentType: "text/plain; charset=utf-8",
            body: Array((words + "\n").utf8))
    }

    /// A JSON text.
    static func json(_ status: Int, _ json: String) -> WebAnswer {
        WebAnswer(
            status: status, contentType: "application/json", body: Array((json + "\n").utf8))
    }

    /// A parameter that cannot be used, as the API says it.
    static func parameter(_ error: WebParameterError) -> WebAnswer {
        .json(
            400,
            JSONText.object([
                ("error", JSONText.string("\(error)")),
                ("parameter", JSONText.string(error.parameter)),
            ]))
    }
}
