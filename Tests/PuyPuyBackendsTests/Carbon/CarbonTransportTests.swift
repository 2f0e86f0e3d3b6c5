import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct CarbonTransportTests {
    static let small = Array("a request".utf8)
    /// More than the buffers of two sockets hold.
    static let large = [UInt8](repeating: 7, count: 16_000_000)

    static func transport(
        _ url: String, interrupt: Interrupt = Interrupt(),
        _ change: (inout HTTPOptions) -> Void = { _ in }
    ) throws -> CarbonTransport {
        CarbonTransport(
            try CarbonAddress(url), options: HTTPTransportTests.options(change),
            interrupt: interrupt)
    }

    static func send(_ body: [UInt8], over transport: CarbonTransport) throws {
        try body.withUnsafeBytes { bytes in
            Result { () throws(BackendsError) in try transport.send(bytes) }
        }.get()
    }

    /// The error of a request to a peer of this `manner`.
    static func error(
        of manner: LoopbackPeer.Manner, _ body: [UInt8] = small,
        timeout: Duration = .seconds(10)
    ) throws -> BackendsError? {
        let peer = try LoopbackPeer(manner)
        let transport = try transport(peer.url) { $0.timeout = timeout }
        return #expect(throws: BackendsError.self) { try send(body, over: transport) }
    }

    @Test(arguments: [small, large])
    func `a peer that reads all and closes has it`(body: [UInt8]) throws {
        let peer = try LoopbackPeer(.readsAll)
        let transport = try Self.transport(peer.url)
        for count in 1...2 {
            try Self.send(body, over: transport)
            #expect(eventually { peer.received == body + [0xFF, 0x0A] })
            #expect(peer.connectionCount == count, "a connection for each request")
        }
    }

    @Test(arguments: [LoopbackPeer.Manner.neverEnds, .readsNothing])
    func `a peer that does not end its side may not have read it`(
        manner: LoopbackPeer.Manner
    ) throws {
        let error = try Self.error(of: manner, timeout: .milliseconds(400))
        #expect(error?.kind == .transient)
        #expect(error?.cause == "timed out while the peer did not end the connection")
    }

    @Test func `a peer that reads nothing of a large request leaves its outcome unknown`() throws {
        let error = try Self.error(of: .readsNothing, Self.large, timeout: .milliseconds(400))
        #expect(error?.kind == .transient)
        #expect(error?.cause == "timed out while the request was sent")
    }

    @Test func `a reset in the middle of the request leaves its outcome unknown`() throws {
        let error = try Self.error(of: .closesAfter(1_000_000), Self.large)
        #expect(error?.kind == .transient)
        #expect(error?.cause.lowercased().contains("reset") == true, "\(error)")
    }

    @Test(arguments: [
        (LoopbackPeer.Manner.closesAfter(1), small), (.endsAfter(1), small),
        (.endsAfter(1_000_000), large),
    ]) func `an end that comes before ours is no confirmation`(
        manner: LoopbackPeer.Manner, body: [UInt8]
    ) throws {
        let error = try Self.error(of: manner, body)
        #expect(error?.kind == .transient)
        // A peer that closes with bytes unread resets, which may be seen first.
        let cause = error?.cause ?? ""
        #expect(
            cause.contains("ended the connection before the request did")
                || cause.lowercased().contains("reset"), "\(cause)")
    }

    @Test func `what answers is not Carbon`() throws {
        let error = try Self.error(of: .says("SSH-2.0-OpenSSH_9.2\r\n"))
        #expect(error?.kind == .misconfigured)
        #expect(error?.cause.contains("SSH-2.0-OpenSSH_9.2") == true)
        #expect(error?.hint.contains("2004") == true)
    }

    @Test func `a refused connection sent nothing`() throws {
        let error = #expect(throws: BackendsError.self) {
            try Self.send(Self.small, over: Self.transport("tcp://127.0.0.1:1"))
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.reason.hasPrefix("send to tcp://127.0.0.1:1: ") == true)
    }

    @Test func `a host that takes no connection sent nothing`() throws {
        let listener = try FullListener()
        let transport = try Self.transport("tcp://127.0.0.1:\(listener.port)") {
            $0.connectTimeout = .milliseconds(300)
        }
        let error = #expect(throws: BackendsError.self) {
            try Self.send(Self.small, over: transport)
        }
        #expect(error?.kind == .unreachable)
    }

    @Test func `an unknown name sent nothing`() throws {
        let error = #expect(throws: BackendsError.self) {
            try Self.send(Self.small, over: Self.transport("tcp://name.invalid"))
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.cause.contains("name.invalid") == true)
    }

    @Test(arguments: [407, 502])
    func `a proxy that builds no tunnel is told from Carbon`(status: Int) throws {
        let proxy = try StandInHTTPServer(script: [.status(status)])
        let transport = try Self.transport("tcp://name.invalid:2004") { $0.proxy = proxy.url }
        let error = #expect(throws: BackendsError.self) {
            try Self.send(Self.small, over: transport)
        }
        #expect(error?.kind == (status == 407 ? .misconfigured : .unreachable))
        #expect(error?.hint.contains("proxy") == true)
        #expect(proxy.requests.first?.method == "CONNECT")
        #expect(proxy.requests.first?.target == "name.invalid:2004")
    }

    @Test(arguments: [LoopbackPeer.Manner.neverEnds, .readsNothing])
    func `an interrupt ends the wait`(manner: LoopbackPeer.Manner) throws {
        let peer = try LoopbackPeer(manner)
        let interrupt = Interrupt()
        let transport = try Self.transport(peer.url, interrupt: interrupt)
        startThread {
            _ = eventually { peer.connectionCount == 1 }
            interrupt.raise()
        }
        let error = #expect(throws: BackendsError.self) {
            try Self.send(Self.large, over: transport)
        }
        #expect(error?.kind == .interrupted)
        #expect(throws: BackendsError.self) { try Self.send(Self.small, over: transport) }
        #expect(peer.connectionCount == 1, "after it nothing is begun")
    }
}

@Suite struct CarbonAddressTests {
    @Test(arguments: [
        ("tcp://graphite", "http://graphite:2004"),
        ("tcp://graphite:2014/", "http://graphite:2014"),
        ("tls://relay.example.com:2104", "https://relay.example.com:2104"),
        ("tcp://[::1]", "http://[::1]:2004"), ("TCP://10.0.0.1:2004", "http://10.0.0.1:2004"),
    ]) func `an address is a host and a port`(text: String, url: String) throws {
        let address = try CarbonAddress(text)
        #expect(address.url == url)
        #expect(address.usesTLS == url.hasPrefix("https"))
        #expect(!address.shown.contains("http"))
    }

    @Test(arguments: [
        "", "graphite:2004", "http://graphite:2004", "tcp://", "tcp://host/path", "tcp://host:port",
        "tcp://joe:hunter22@host", "tcp://host?p=hunter22", "tcp://a b",
    ]) func `what is none is refused with a hint`(text: String) {
        let error = #expect(throws: BackendsError.self) { try CarbonAddress(text) }
        #expect(error?.kind == .misconfigured)
        #expect(error?.hint.contains("tcp://HOST:2004") == true)
        #expect(error?.description.contains("hunter22") == false)
    }
}
