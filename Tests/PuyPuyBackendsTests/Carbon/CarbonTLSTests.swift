import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// A relay with TLS in front of a Carbon, as stunnel is one: it passes on what it gets and its end,
/// waits for Carbon's end, and then ends the TLS connection.
final class TLSRelay {
    let directory: TemporaryDirectory
    let certificate: String
    private let process: ChildProcess
    let url: String

    /// `manner` has the words `tls1.2` for that, `client` for one that asks for our certificate,
    /// `bare` for one that closes without TLS's end, and `silent` for one that never ends.
    init(_ manner: String, to carbon: CarbonServer? = nil) throws {
        directory = try TemporaryDirectory()
        certificate = "\(directory.path)/cert.pem"
        let openssl = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", "\(directory.path)/key.pem", "-out",
                certificate,
            ])
        try #require(openssl.waitForEnd(within: .seconds(60)))
        let script = """
            import socket, ssl, sys
            folder, manner, target = sys.argv[1], sys.argv[2], int(sys.argv[3])
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + '/cert.pem', folder + '/key.pem')
            if 'tls1.2' in manner: context.maximum_version = ssl.TLSVersion.TLSv1_2
            if 'client' in manner:
                context.load_verify_locations(folder + '/cert.pem')
                context.verify_mode = ssl.CERT_REQUIRED
            listener = socket.create_server(('127.0.0.1', 0))
            open(folder + '/port', 'w').write('%d\\n' % listener.getsockname()[1])
            record = open(folder + '/record', 'a', buffering=1)
            while True:
                plain, _ = listener.accept()
                count, end = 0, 'clean'
                try:
                    client = context.wrap_socket(
                        plain, server_side=True, suppress_ragged_eofs=False)
                    carbon = socket.create_connection(('127.0.0.1', target)) if target else None
                    while True:
                        piece = client.recv(65536)
                        if not piece: break
                        count += len(piece)
                        if carbon: carbon.sendall(piece)
                    if carbon:
                        carbon.shutdown(socket.SHUT_WR)
                        carbon.recv(1)
                    record.write('%s %d\\n' % (end, count))
                    while 'silent' in manner and plain: listener.accept()
                    if 'bare' not in manner: client.unwrap()
                    client.close()
                except OSError as error:
                    record.write('%s %d\\n' % (type(error).__name__, count))
            """
        process = try ChildProcess(
            "/usr/bin/python3",
            ["-c", script, directory.path, manner, "\(carbon?.port ?? 0)"],
            log: "\(directory.path)/log")
        let folder = directory.path
        try #require(
            eventually(within: .seconds(60)) { readText("\(folder)/port").hasSuffix("\n") })
        url = "tls://127.0.0.1:\(readText("\(folder)/port").dropLast())"
    }

    /// How each connection ended, and how many bytes it brought.
    var record: String { readText("\(directory.path)/record") }

    func send(
        _ body: [UInt8], _ change: (inout HTTPOptions) -> Void = { _ in }
    ) throws {
        let transport = try CarbonTransportTests.transport(url) { options in
            options.caFile = certificate
            change(&options)
        }
        try CarbonTransportTests.send(body, over: transport)
    }
}

@Suite struct CarbonTLSTests {
    @Test(arguments: ["tls1.3", "tls1.2"])
    func `a relay gets all of it and TLS's own end`(version: String) throws {
        let relay = try TLSRelay(version)
        let body = [UInt8](repeating: 5, count: 3_000_000)
        try relay.send(body)
        try relay.send(CarbonTransportTests.small)
        #expect(
            eventually {
                relay.record
                    == "clean \(body.count + 2)\nclean \(CarbonTransportTests.small.count + 2)\n"
            }, "\(relay.record)")
    }

    @Test func `every value comes through a relay into Carbon`() throws {
        let server = try CarbonServer.started()
        let relay = try TLSRelay("", to: server)
        let backend = try CarbonBackendTests.backend(relay.url) { $0.caFile = relay.certificate }
        let (block, catalog, wanted) = CarbonBackendTests.block(series: 100, seconds: 50)
        #expect(backend.deliver(block, catalog: catalog) == Attempt(.accepted))
        #expect(try CarbonBackendTests.differences(server, wanted) == [])
    }

    @Test func `a stopped Carbon behind a relay has confirmed nothing`() throws {
        let server = try CarbonServer.started()
        let relay = try TLSRelay("", to: server)
        server.pause()
        let error = #expect(throws: BackendsError.self) {
            try relay.send(CarbonTransportTests.small) { $0.timeout = .seconds(1) }
        }
        #expect(error?.kind == .transient)
    }

    @Test(arguments: ["bare tls1.3", "bare tls1.2"])
    func `a relay may close without TLS's end, behind ours`(manner: String) throws {
        let relay = try TLSRelay(manner)
        try relay.send(CarbonTransportTests.small)
        #expect(eventually { relay.record.hasPrefix("clean ") }, "\(relay.record)")
    }

    @Test func `a relay that never ends has confirmed nothing`() throws {
        let relay = try TLSRelay("silent")
        let error = #expect(throws: BackendsError.self) {
            try relay.send(CarbonTransportTests.small) { $0.timeout = .seconds(1) }
        }
        #expect(error?.kind == .transient)
        #expect(error?.cause.contains("timed out") == true)
    }

    @Test func `a certificate is verified, and ours is shown`() throws {
        let relay = try TLSRelay("client tls1.2")
        let unknown = #expect(throws: BackendsError.self) {
            try relay.send(CarbonTransportTests.small) { $0.caFile = nil }
        }
        #expect(unknown?.kind == .misconfigured)
        #expect(unknown?.hint.contains("ca_file") == true)
        try relay.send(CarbonTransportTests.small) {
            $0.clientCertificate = relay.certificate
            $0.clientKey = "\(relay.directory.path)/key.pem"
        }
        #expect(eventually { relay.record.contains("clean ") })
    }

    @Test func `a Carbon without TLS is told from a relay`() throws {
        let server = try CarbonServer.started()
        let transport = try CarbonTransportTests.transport("tls://127.0.0.1:\(server.port)")
        let error = #expect(throws: BackendsError.self) {
            try CarbonTransportTests.send(CarbonTransportTests.small, over: transport)
        }
        #expect(error?.kind != .transient, "\(error)")
    }
}
