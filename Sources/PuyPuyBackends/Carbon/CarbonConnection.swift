internal import CCurl
internal import Glibc

/// One connection to a Carbon or a relay, with or without TLS, made by libcurl (CURLOPT_CONNECT_ONLY).
///
/// Blocking only where it says so, and not Sendable: it belongs to the thread of whoever made it.
/// The socket is libcurl's and does not block.
final class CarbonConnection {
    /// How often whoever waits looks at the interrupt, in milliseconds.
    static let pollMs: Int32 = 50

    /// What a peer did that closes before it has seen our end: no Carbon reads so.
    static let earlyEnd =
        "the peer ended the connection before the request did; is it Carbon's receiver of pickles?"

    /// What was there to read.
    enum Received: Equatable {
        /// Nothing yet.
        case nothing
        /// Something: its beginning.
        case bytes([UInt8])
        /// The peer's end of the stream.
        case end
    }

    private let address: CarbonAddress
    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private let errorWords: UnsafeMutablePointer<CChar>
    private var descriptor: Int32 = -1

    /// Connects, which blocks: the name is looked up anew, and the proxy and TLS are dealt with.
    init(
        to address: CarbonAddress, options: HTTPOptions, interrupt: Interrupt
    ) throws(BackendsError) {
        guard let easy = curl_easy_init(), let multi = curl_multi_init() else {
            throw BackendsError(
                .transient, operation: "start", subject: "libcurl", cause: "no memory")
        }
        self.address = address
        self.easy = easy
        self.multi = multi
        errorWords = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorWords.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        set(options)
        guard curl_multi_add_handle(multi, easy) == CURLM_OK, let code = connect(interrupt) else {
            throw BackendsError(
                .interrupted, operation: "send to", subject: address.shown, cause: "interrupted")
        }
        guard code == CURLE_OK else { throw failure(code, hasBegun: false) }
        descriptor = puypuy_curl_get_socket(easy)
        guard descriptor >= 0 else { throw failure(CURLE_COULDNT_CONNECT, hasBegun: false) }
    }

    /// Closes it.
    deinit {
        curl_multi_remove_handle(multi, easy)
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
        errorWords.deallocate()
    }

    /// How many bytes the peer's kernel has not acknowledged; -1 when the system does not say.
    var unacknowledgedBytes: Int { Int(puypuy_socket_unacknowledged(descriptor)) }

    /// The socket's pending error, in words; `nil` without one.
    var socketError: String? {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) != 0 { code = errno }
        return code == 0 ? nil : CarbonConnection.words(of: code)
    }

    /// Hands the beginning of `bytes` to the system: how many; 0 when it takes none now. What was
    /// not taken has to be offered again, from the same address.
    func send(_ bytes: UnsafeRawBufferPointer) throws(BackendsError) -> Int {
        var count = 0
        errorWords[0] = 0
        let code = curl_easy_send(easy, bytes.baseAddress, bytes.count, &count)
        if code == CURLE_AGAIN { return 0 }
        guard code == CURLE_OK else {
            if hasLostReader { throw systemFailure(EPIPE) }
            throw failure(code, hasBegun: true)
        }
        return count
    }

    /// What has arrived, without waiting.
    func receive() throws(BackendsError) -> Received {
        errorWords[0] = 0
        var count = 0
        var piece: [UInt8] = []
        let code = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
            let code = curl_easy_recv(easy, buffer.baseAddress, buffer.count, &count)
            if code == CURLE_OK { piece = Array(buffer[..<count]) }
            return code
        }
        if code == CURLE_AGAIN { return .nothing }
        if code == CURLE_OK { return piece.isEmpty ? .end : .bytes(piece) }
        if isBareEnd { return .end }
        throw failure(code, hasBegun: true)
    }

    /// Waits until there is something to read or, if asked for, room to write; at most so long.
    func wait(writing: Bool = false, milliseconds: Int32 = CarbonConnection.pollMs) {
        var readiness = pollfd(
            fd: descriptor, events: Int16(POLLIN | (writing ? POLLOUT : 0)), revents: 0)
        poll(&readiness, 1, milliseconds)
    }

    /// Ends our side of the stream. The other side can still be read.
    func endWriting() throws(BackendsError) {
        if address.usesTLS, let session = puypuy_curl_get_openssl(easy),
            let record = TLSEnd.record(of: session)
        {
            // All before it is acknowledged, so that there is room for it.
            let sent = Glibc.send(descriptor, record, record.count, Int32(MSG_NOSIGNAL))
            guard sent == record.count else { throw systemFailure(errno) }
        }
        guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else { throw systemFailure(errno) }
    }
}

extension CarbonConnection {
    private func set(_ options: HTTPOptions) {
        puypuy_curl_set_string(easy, CURLOPT_URL, address.url)
        puypuy_curl_set_long(easy, CURLOPT_CONNECT_ONLY, 1)
        puypuy_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        puypuy_curl_allow_http_only(easy)
        puypuy_curl_leave_resolver(easy)
        // Through an HTTP proxy there is a tunnel, since nobody here speaks HTTP.
        puypuy_curl_set_string(easy, CURLOPT_PROXY, options.proxy ?? "")
        puypuy_curl_set_long(easy, CURLOPT_HTTPPROXYTUNNEL, 1)
        puypuy_curl_set_long(easy, CURLOPT_SSL_ENABLE_ALPN, 0)
        puypuy_curl_set_long(
            easy, CURLOPT_CONNECTTIMEOUT_MS,
            HTTPOptions.milliseconds(min(options.connectTimeout, options.timeout)))
        puypuy_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorWords)
        options.setTLS(on: easy)
    }

    /// libcurl's result, or `nil` when it was interrupted. The handle stays in its multi handle: that
    /// owns the connection.
    private func connect(_ interrupt: Interrupt) -> CURLcode? {
        var running: Int32 = 1
        while true {
            if interrupt.isRaised { return nil }
            guard curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_FAILED_INIT }
            if running == 0 { break }
            curl_multi_poll(multi, nil, 0, CarbonConnection.pollMs, nil)
        }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE { return message.pointee.data.result }
        }
        return CURLE_FAILED_INIT
    }

    /// An end of the connection without TLS's own end before it: many relays close so.
    private var isBareEnd: Bool {
        guard address.usesTLS else { return false }
        let words = String(cString: errorWords)
        return words.contains("unexpected eof") || words.hasSuffix("SSL_ERROR_SYSCALL, errno 0")
    }

    private func failure(_ code: CURLcode, hasBegun: Bool) -> BackendsError {
        let words = String(cString: errorWords)
        var status = 0
        puypuy_curl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &status)
        return CurlFailure(
            code: code, words: words.isEmpty ? String(cString: curl_easy_strerror(code)) : words,
            hasBegun: hasBegun, proxyStatus: hasBegun ? 0 : status, server: address.shown,
            schemes: "tls or tcp", expected: "Carbon's protocol"
        ).error
    }

    /// Whether libcurl's last words are that the peer closed: nothing else tells its cause.
    private var hasLostReader: Bool {
        String(cString: errorWords).hasSuffix(String(cString: strerror(EPIPE)))
    }

    private func systemFailure(_ code: Int32) -> BackendsError {
        BackendsError(
            .transient, operation: "send to", subject: address.shown,
            cause: CarbonConnection.words(of: code))
    }

    /// The system's words; to a reader EPIPE means what an end of the stream does, and which of them
    /// is seen is a matter of moments.
    private static func words(of code: Int32) -> String {
        code == EPIPE ? earlyEnd : String(cString: strerror(code))
    }
}
