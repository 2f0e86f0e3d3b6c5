internal import CCurl
internal import Glibc

/// Sends HTTP requests to one server with libcurl, one at a time over a connection that stays open.
///
/// Blocking, and not Sendable: it belongs to the thread of whoever made it. The interrupt may be
/// raised from anywhere. Redirects are not followed: a server that moved is a matter of
/// configuration, and must not see the points or the credentials.
final class HTTPTransport {
    /// How often a waiting request looks at the interrupt, in milliseconds. Traffic wakes it at once.
    private static let pollMs: Int32 = 50

    private let server: ServerAddress
    private let options: HTTPOptions
    private let interrupt: Interrupt
    private let answer = HTTPAnswer()
    private let upload = HTTPUpload()
    private let errorWords: UnsafeMutablePointer<CChar>
    /// The transfer's handle, and the one that owns the connections; both `nil` until needed.
    private var easy: UnsafeMutableRawPointer?
    private var multi: UnsafeMutableRawPointer?

    /// A transport to `server`. Connects only when something is sent.
    init(_ server: ServerAddress, options: HTTPOptions, interrupt: Interrupt) {
        precondition(Curl.isReady, "libcurl does not start")
        self.server = server
        self.options = options
        self.interrupt = interrupt
        errorWords = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorWords.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        disconnect()
        errorWords.deallocate()
    }

    /// Closes the connection and forgets resolved names.
    func disconnect() {
        if let easy { curl_easy_cleanup(easy) }
        if let multi { curl_multi_cleanup(multi) }
        easy = nil
        multi = nil
    }

    /// POSTs `body` to `target` (path and query, behind the server's base) and waits for the answer.
    ///
    /// `headers` are whole lines, `Content-Type: text/plain`. The body is not copied. `meanwhile` is
    /// called once when all of it is on its way and no answer is there yet. Every status is an answer;
    /// what throws is that there was none.
    func post(
        _ target: String, headers: [String], body: UnsafeRawBufferPointer,
        meanwhile: () -> Void = {}
    ) throws(BackendsError) -> HTTPResponse {
        let easy = try handle()
        // libcurl sends Expect: 100-continue with large bodies, which some servers refuse.
        var list = curl_slist_append(nil, "Expect:")
        for header in headers { list = curl_slist_append(list, header) }
        if case .token(let token) = options.credentials {
            list = curl_slist_append(list, "Authorization: \(options.tokenScheme) \(token)")
        }
        defer { curl_slist_free_all(list) }
        answer.reset()
        errorWords[0] = 0
        puypuy_curl_set_string(easy, CURLOPT_URL, server.base + target)
        puypuy_curl_set_list(easy, CURLOPT_HTTPHEADER, list)
        puypuy_curl_set_long(easy, CURLOPT_POST, 1)
        upload.rest = body
        defer { upload.rest = UnsafeRawBufferPointer(start: nil, count: 0) }
        puypuy_curl_set_pointer(
            easy, CURLOPT_POSTFIELDS, options.sendsOnce ? nil : body.baseAddress)
        puypuy_curl_set_off(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
        defer { puypuy_curl_set_pointer(easy, CURLOPT_POSTFIELDS, nil) }
        guard let code = run(easy, bodyBytes: body.count, meanwhile: meanwhile) else {
            throw BackendsError(
                .interrupted, operation: "send to", subject: server.base, cause: "interrupted")
        }
        let status = long(easy, CURLINFO_RESPONSE_CODE)
        // The end of an overlong body is our own doing: the answer is known by then.
        let cutByUs = code == CURLE_WRITE_ERROR && !answer.bodyIsWhole && status > 0
        guard code == CURLE_OK || cutByUs else { throw failure(easy, code) }
        return HTTPResponse(
            status: status, body: answer.body, bodyIsWhole: answer.bodyIsWhole,
            retryAfter: answer.retryAfter.flatMap {
                RetryAfter.parse($0, now: Int64(Glibc.time(nil)))
            },
            location: string(easy, CURLINFO_REDIRECT_URL),
            totalSeconds: Double(offset(easy, CURLINFO_TOTAL_TIME_T)) / 1e6,
            sentBytes: offset(easy, CURLINFO_SIZE_UPLOAD_T))
    }

    /// The result of the transfer, or `nil` when it was interrupted.
    private func run(
        _ easy: UnsafeMutableRawPointer, bodyBytes: Int, meanwhile: () -> Void
    ) -> CURLcode? {
        if interrupt.isRaised { return nil }
        curl_multi_add_handle(multi, easy)
        defer { curl_multi_remove_handle(multi, easy) }
        var running: Int32 = 1
        var isOnItsWay = false
        while true {
            guard curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_FAILED_INIT }
            if running == 0 { break }
            if interrupt.isRaised { return nil }
            if !isOnItsWay && offset(easy, CURLINFO_SIZE_UPLOAD_T) == bodyBytes {
                isOnItsWay = true
                meanwhile()
                // The answer may be there by now.
                continue
            }
            curl_multi_poll(multi, nil, 0, HTTPTransport.pollMs, nil)
        }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE { return message.pointee.data.result }
        }
        return CURLE_FAILED_INIT
    }

    private func failure(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) -> BackendsError {
        var words = String(cString: errorWords)
        if words.isEmpty { words = String(cString: curl_easy_strerror(code)) }
        if answer.headersAreTooLong {
            words = "the answer's headers are over \(HTTPAnswer.headerBytes) bytes"
        }
        let failure = CurlFailure(
            code: code, words: words,
            hasBegun: offset(easy, CURLINFO_PRETRANSFER_TIME_T) > 0,
            proxyStatus: long(easy, CURLINFO_HTTP_CONNECTCODE), server: server.base)
        return failure.error
    }

    private func long(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> Int {
        var value = 0
        puypuy_curl_get_long(easy, info, &value)
        return value
    }

    private func offset(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        puypuy_curl_get_off(easy, info, &value)
        return Int(value)
    }

    private func string(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        puypuy_curl_get_string(easy, info, &value)
        return value.map { String(cString: $0) }
    }
}

extension HTTPTransport {
    /// The handle with all that does not change between requests.
    private func handle() throws(BackendsError) -> UnsafeMutableRawPointer {
        if let easy { return easy }
        guard let easy = curl_easy_init(), let multi = curl_multi_init() else {
            throw BackendsError(
                .transient, operation: "start", subject: "libcurl", cause: "no memory")
        }
        self.easy = easy
        self.multi = multi
        puypuy_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        puypuy_curl_allow_http_only(easy)
        puypuy_curl_leave_resolver(easy)
        puypuy_curl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        puypuy_curl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        puypuy_curl_set_long(easy, CURLOPT_TIMEOUT_MS, HTTPOptions.milliseconds(options.timeout))
        puypuy_curl_set_long(
            easy, CURLOPT_CONNECTTIMEOUT_MS,
            HTTPOptions.milliseconds(min(options.connectTimeout, options.timeout)))
        puypuy_curl_set_string(easy, CURLOPT_USERAGENT, options.userAgent)
        // An empty proxy keeps the environment's `http_proxy` out.
        puypuy_curl_set_string(easy, CURLOPT_PROXY, options.proxy ?? "")
        puypuy_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorWords)
        options.setTLS(on: easy)
        if case .basic(let user, let password) = options.credentials {
            puypuy_curl_set_long(easy, CURLOPT_HTTPAUTH, 1)  // CURLAUTH_BASIC, a cast macro
            puypuy_curl_set_string(easy, CURLOPT_USERNAME, user)
            puypuy_curl_set_string(easy, CURLOPT_PASSWORD, password)
        }
        setCallbacks(easy)
        return easy
    }

    /// The answer outlives the handle: both are this object's.
    private func setCallbacks(_ easy: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(answer).toOpaque()
        puypuy_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        puypuy_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
            let answer = Unmanaged<HTTPAnswer>.fromOpaque(context!).takeUnretainedValue()
            return answer.take(body: piece) ? piece.count : 0
        }
        puypuy_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        puypuy_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            let answer = Unmanaged<HTTPAnswer>.fromOpaque(context!).takeUnretainedValue()
            return answer.take(header: line) ? line.count : 0
        }
        guard options.sendsOnce else { return }
        // libcurl cannot go back to the start of what it asks for piece by piece.
        puypuy_curl_set_pointer(
            easy, CURLOPT_READDATA, Unmanaged.passUnretained(upload).toOpaque())
        puypuy_curl_set_data_callback(easy, CURLOPT_READFUNCTION) { room, size, count, context in
            let room = UnsafeMutableRawBufferPointer(start: room, count: size * count)
            return Unmanaged<HTTPUpload>.fromOpaque(context!).takeUnretainedValue().fill(room)
        }
    }
}
