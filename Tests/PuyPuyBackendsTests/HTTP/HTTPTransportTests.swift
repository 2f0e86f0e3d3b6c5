import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct HTTPTransportTests {
    static let small = Array("cpu value=1 1\n".utf8)
    static let large = Array(
        String(repeating: "cpu_load,host=web1 value=0.5 1700000000000000000\n", count: 2000).utf8)

    static func options(_ change: (inout HTTPOptions) -> Void = { _ in }) -> HTTPOptions {
        var options = HTTPOptions()
        options.timeout = .seconds(10)
        change(&options)
        return options
    }

    static func transport(
        _ url: String, _ options: HTTPOptions = options(), interrupt: Interrupt = Interrupt()
    ) throws -> HTTPTransport {
        HTTPTransport(try ServerAddress(url), options: options, interrupt: interrupt)
    }

    static func post(_ transport: HTTPTransport, _ body: [UInt8] = small) throws -> HTTPResponse {
        try posted(transport, body).get()
    }

    static func posted(
        _ transport: HTTPTransport, _ body: [UInt8] = small
    ) -> Result<HTTPResponse, BackendsError> {
        body.withUnsafeBytes { body in
            Result { () throws(BackendsError) in
                try transport.post("/write?db=x", headers: ["Content-Type: text/plain"], body: body)
            }
        }
    }

    /// The error of a POST to a server that does `reply`.
    static func error(
        of reply: StandInHTTPServer.Reply, _ options: HTTPOptions = options(),
        body: [UInt8] = small
    ) throws -> BackendsError? {
        let server = try StandInHTTPServer(script: [reply])
        let transport = try transport(server.url, options)
        return #expect(throws: BackendsError.self) { try post(transport, body) }
    }

    @Test func `requests share a connection and say who they are`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let transport = try Self.transport(
            server.url,
            Self.options {
                $0.userAgent = "PuyPuy/9"
                $0.credentials = .basic(user: "joe", password: "hunter22")
            })
        for _ in 0..<3 { #expect(try Self.post(transport).status == 204) }
        let requests = server.requests
        #expect(requests.map(\.connection) == [1, 1, 1])
        let first = try #require(requests.first)
        #expect(first.method == "POST")
        #expect(first.target == "/write?db=x")
        #expect(first.headers["user-agent"] == "PuyPuy/9")
        #expect(first.headers["content-type"] == "text/plain")
        #expect(first.headers["authorization"] == "Basic \(SecretMask.base64("joe:hunter22"))")
        #expect(first.body == Self.small)
    }

    @Test func `a token goes into the header`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let transport = try Self.transport(
            server.url, Self.options { $0.credentials = .token("s3cret") })
        _ = try Self.post(transport)
        #expect(server.requests.first?.headers["authorization"] == "Token s3cret")
    }

    @Test func `large bodies arrive whole and without Expect`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let transport = try Self.transport(server.url)
        for body in [Self.large, Self.small, Self.large + Self.large] {
            let response = try Self.post(transport, body)
            let request = try #require(server.requests.last)
            #expect(request.body == body)
            #expect(request.headers["expect"] == nil)
            #expect(request.wireBytes == response.sentBytes)
            #expect(request.wireBytes == body.count)
        }
    }

    @Test func `while a request waits for its answer there is time for something else`() throws {
        let server = try StandInHTTPServer(script: [.after(.milliseconds(100), .status(204))])
        let transport = try Self.transport(server.url)
        for body in [Self.small, Self.large] {
            var calls = 0
            let answer = body.withUnsafeBytes { body in
                Result { () throws(BackendsError) in
                    try transport.post("/write", headers: [], body: body) { calls += 1 }
                }
            }
            #expect(try answer.get().status == 204)
            #expect(calls == 1)
        }
        var calls = 0
        let nobody = try Self.transport("http://127.0.0.1:1")
        let answer = Self.small.withUnsafeBytes { body in
            Result { () throws(BackendsError) in
                try nobody.post("/write", headers: [], body: body) { calls += 1 }
            }
        }
        #expect(throws: BackendsError.self) { try answer.get() }
        #expect(calls == 0)
    }

    @Test func `disconnect makes the next request connect anew`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let transport = try Self.transport(server.url)
        _ = try Self.post(transport)
        transport.disconnect()
        _ = try Self.post(transport)
        #expect(server.requests.map(\.connection) == [1, 2])
    }

    @Test(arguments: ["7", "Wed, 21 Oct 2999 07:28:00 GMT"])
    func `Retry-After is read from the answer`(field: String) throws {
        let server = try StandInHTTPServer(
            script: [.status(503, headers: ["RETRY-after: \(field)"], body: "busy")])
        let response = try Self.post(Self.transport(server.url))
        #expect(response.status == 503)
        #expect(response.body == Array("busy".utf8))
        let seconds = try #require(response.retryAfter).components.seconds
        #expect(field == "7" ? seconds == 7 : seconds == RetryAfter.longest)
    }

    @Test func `a redirect is an answer and not followed`() throws {
        let server = try StandInHTTPServer(
            script: [.status(307, headers: ["Location: http://127.0.0.1:1/other"])])
        let response = try Self.post(Self.transport(server.url))
        #expect(response.status == 307)
        #expect(response.location == "http://127.0.0.1:1/other")
        #expect(server.requests.count == 1)
    }

    @Test func `an overlong body is cut and the connection kept`() throws {
        let server = try StandInHTTPServer(
            script: [.status(400, body: String(repeating: "x", count: 300_000)), .status(204)])
        let transport = try Self.transport(server.url)
        let response = try Self.post(transport)
        #expect(response.status == 400)
        #expect(response.body.count == HTTPAnswer.keptBodyBytes)
        #expect(!response.bodyIsWhole)
        #expect(try Self.post(transport).status == 204)
        #expect(server.connectionCount == 1)
    }

    @Test func `an endless body does not hide the status`() throws {
        let server = try StandInHTTPServer(
            script: [.status(400, body: String(repeating: "x", count: 3_000_000))])
        let response = try Self.post(Self.transport(server.url))
        #expect(response.status == 400)
        #expect(!response.bodyIsWhole)
    }

    @Test func `endless headers are an error`() throws {
        let header = "X-Filler: " + String(repeating: "x", count: 30_000)
        let error = try Self.error(
            of: .status(204, headers: Array(repeating: header, count: 5)))
        #expect(error?.kind == .transient)
        #expect(error?.cause.contains("headers are over") == true)
    }
}

@Suite struct HTTPTransportFaultTests {
    @Test func `a refused connection sent nothing`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let transport = try HTTPTransportTests.transport(server.url)
        server.stop()
        let error = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(transport) }
        #expect(error?.kind == .unreachable)
        #expect(error?.cause.contains("port \(server.port)") == true)
    }

    @Test func `a host that takes no connection sent nothing`() throws {
        let listener = try FullListener()
        let transport = try HTTPTransportTests.transport(
            "http://127.0.0.1:\(listener.port)",
            HTTPTransportTests.options { $0.connectTimeout = .milliseconds(300) })
        let error = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(transport) }
        #expect(error?.kind == .unreachable)
        #expect(error?.cause.lowercased().contains("timeout") == true, "\(error)")
    }

    @Test func `an unknown name sent nothing`() throws {
        let transport = try HTTPTransportTests.transport("http://name.invalid:8086")
        let error = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(transport) }
        #expect(error?.kind == .unreachable)
        #expect(error?.cause.contains("name.invalid") == true)
    }

    @Test func `a proxy that is not there sent nothing`() throws {
        let transport = try HTTPTransportTests.transport(
            "http://localhost:8086",
            HTTPTransportTests.options { $0.proxy = "http://joe:hunter22@127.0.0.1:1" })
        let error = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(transport) }
        #expect(error?.kind == .unreachable)
        #expect(error?.description.contains("hunter22") == false)
    }

    @Test func `a proxy gets the whole address and its own credentials`() throws {
        let proxy = try StandInHTTPServer(script: [.status(204)])
        let transport = try HTTPTransportTests.transport(
            "http://name.invalid:8086",
            HTTPTransportTests.options {
                $0.proxy = "http://joe:hunter22@127.0.0.1:\(proxy.port)"
            })
        #expect(try HTTPTransportTests.post(transport).status == 204)
        let request = try #require(proxy.requests.first)
        #expect(request.target == "http://name.invalid:8086/write?db=x")
        #expect(
            request.headers["proxy-authorization"]
                == "Basic \(SecretMask.base64("joe:hunter22"))")
    }

    @Test(arguments: [407, 502])
    func `a proxy that builds no tunnel is told from a server`(status: Int) throws {
        let proxy = try StandInHTTPServer(script: [.status(status)])
        let transport = try HTTPTransportTests.transport(
            "https://name.invalid:8086",
            HTTPTransportTests.options { $0.proxy = proxy.url })
        let error = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(transport) }
        #expect(error?.kind == (status == 407 ? .misconfigured : .unreachable))
        #expect(error?.hint.contains("proxy") == true)
    }

    @Test func `silence after the request is a timeout of unknown outcome`() throws {
        let error = try HTTPTransportTests.error(
            of: .hang, HTTPTransportTests.options { $0.timeout = .milliseconds(300) })
        #expect(error?.kind == .transient)
        #expect(error?.cause.contains("timed out") == true)
    }

    @Test(arguments: [
        StandInHTTPServer.Reply.close, .reset, .cutBody(status: 400, resets: false),
        .cutBody(status: 400, resets: true), .cutBody(status: 200, resets: false),
        .raw(Array("HTTP/1.1 204 No Con".utf8)),
    ]) func `a connection that ends early is of unknown outcome`(
        reply: StandInHTTPServer.Reply
    ) throws {
        let error = try HTTPTransportTests.error(of: reply, body: HTTPTransportTests.large)
        #expect(error?.kind == .transient)
        #expect(error?.cause.isEmpty == false)
    }

    @Test func `what does not speak HTTP is a wrong address`() throws {
        let error = try HTTPTransportTests.error(of: .raw(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)))
        #expect(error?.kind == .misconfigured)
        #expect(error?.hint.contains("does not speak HTTP") == true)
    }

    @Test func `a connection that the server closed while idle is replaced`() throws {
        let server = try StandInHTTPServer { request in
            request.connection == 1
                ? .raw(Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)) : .status(204)
        }
        let transport = try HTTPTransportTests.transport(server.url)
        #expect(try HTTPTransportTests.post(transport).status == 204)
        #expect(try HTTPTransportTests.post(transport).status == 204)
        #expect(server.connectionCount == 2)
    }

    @Test func `an interrupt cuts a request that hangs`() async throws {
        let interrupt = Interrupt()
        let server = try StandInHTTPServer { _ in
            interrupt.raise()
            return .hang
        }
        let transport = try HTTPTransportTests.transport(server.url, interrupt: interrupt)
        let error = #expect(throws: BackendsError.self) {
            try HTTPTransportTests.post(transport)
        }
        // Before its time is up.
        #expect(error?.kind == .interrupted)
        #expect(server.requests.count == 1)
        interrupt.lower()
    }

    @Test(arguments: [true, false])
    func `a kept connection that ends without an answer repeats the body unless told not to`(
        sendsOnce: Bool
    ) throws {
        let server = try StandInHTTPServer(script: [.status(204), .close, .status(204)])
        let transport = try HTTPTransportTests.transport(
            server.url, HTTPTransportTests.options { $0.sendsOnce = sendsOnce })
        #expect(try HTTPTransportTests.post(transport, HTTPTransportTests.large).status == 204)
        let second = HTTPTransportTests.posted(transport)
        if sendsOnce {
            guard case .failure(let error) = second else {
                Issue.record("no failure")
                return
            }
            #expect(error.kind == .transient)
            #expect(error.cause == "the connection ended without an answer")
        } else {
            #expect(try second.get().status == 204)
        }
        #expect(server.requests.count == (sendsOnce ? 2 : 3))
        #expect(try HTTPTransportTests.post(transport).status == 204)
        #expect(server.requests.last?.body == HTTPTransportTests.small)
    }

    @Test func `an interrupt that was raised before sends nothing`() throws {
        let server = try StandInHTTPServer(script: [.status(204)])
        let interrupt = Interrupt()
        interrupt.raise()
        let transport = try HTTPTransportTests.transport(server.url, interrupt: interrupt)
        let error = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(transport) }
        #expect(error?.kind == .interrupted)
        #expect(server.connectionCount == 0)
        interrupt.lower()
        #expect(try HTTPTransportTests.post(transport).status == 204)
    }
}
