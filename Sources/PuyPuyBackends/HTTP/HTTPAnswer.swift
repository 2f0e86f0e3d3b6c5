/// What libcurl's callbacks gather during a transfer.
///
/// It belongs to the transport's thread, like the handle whose callbacks fill it.
final class HTTPAnswer {
    /// So much of a body is kept: InfluxDB quotes every line that it cannot parse.
    static let keptBodyBytes = 64 * 1024
    /// So much is read and thrown away, because that is cheaper than a new connection.
    static let discardedBodyBytes = 1024 * 1024
    /// More than this is no answer of a time-series database; most servers send under 1 KiB.
    static let headerBytes = 64 * 1024

    private(set) var body: [UInt8] = []
    private(set) var bodyBytes = 0
    private(set) var retryAfter: String?
    private(set) var headersAreTooLong = false
    private var seenHeaderBytes = 0

    /// Forgets the previous answer and keeps the memory.
    func reset() {
        body.removeAll(keepingCapacity: true)
        bodyBytes = 0
        retryAfter = nil
        headersAreTooLong = false
        seenHeaderBytes = 0
    }

    /// Whether the body ended within what is kept.
    var bodyIsWhole: Bool { bodyBytes == body.count }

    /// Takes a piece of the body; false to end the transfer.
    func take(body piece: UnsafeRawBufferPointer) -> Bool {
        bodyBytes += piece.count
        body.append(contentsOf: piece.prefix(HTTPAnswer.keptBodyBytes - body.count))
        return bodyBytes <= HTTPAnswer.keptBodyBytes + HTTPAnswer.discardedBodyBytes
    }

    /// Takes one header line, or a status line; false to end the transfer.
    func take(header line: UnsafeRawBufferPointer) -> Bool {
        seenHeaderBytes += line.count
        guard seenHeaderBytes <= HTTPAnswer.headerBytes else {
            headersAreTooLong = true
            return false
        }
        if line.starts(with: "HTTP/".utf8) {
            retryAfter = nil
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), colon == 11,
            String(decoding: line[..<colon], as: UTF8.self).lowercased() == "retry-after"
        {
            retryAfter = String(decoding: line[(colon + 1)...], as: UTF8.self)
        }
        return true
    }
}
