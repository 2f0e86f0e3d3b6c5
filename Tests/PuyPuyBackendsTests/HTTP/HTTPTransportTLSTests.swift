import TestSupport
import Testing

@testable import PuyPuyBackends

/// A certificate made for the test, and a server that speaks TLS with it.
private final class TLSFixture {
    let directory: TemporaryDirectory
    let certificate: String
    let key: String
    let server: InfluxServer

    init() throws {
        directory = try TemporaryDirectory()
        certificate = "\(directory.path)/cert.pem"
        key = "\(directory.path)/key.pem"
        let openssl = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ])
        try #require(openssl.waitForEnd(within: .seconds(60)))
        var options = InfluxServer.Options()
        options.tls = (certificate, key)
        server = try InfluxServer(options)
        try server.start()
    }

    func transport(_ change: (inout HTTPOptions) -> Void = { _ in }) throws -> HTTPTransport {
        try HTTPTransportTests.transport(server.url, HTTPTransportTests.options(change))
    }
}

@Suite struct HTTPTransportTLSTests {
    @Test func `a certificate is verified unless the configuration says otherwise`() throws {
        let fixture = try TLSFixture()
        let error = #expect(throws: BackendsError.self) {
            try HTTPTransportTests.post(fixture.transport())
        }
        #expect(error?.kind == .misconfigured)
        #expect(error?.cause.contains("certificate") == true)
        #expect(error?.hint.contains("ca_file") == true)

        // 404: the server answers, and has no such database.
        let trusting = try fixture.transport { $0.caFile = fixture.certificate }
        #expect(try HTTPTransportTests.post(trusting).status == 404)
        let careless = try fixture.transport { $0.skipsVerification = true }
        #expect(try HTTPTransportTests.post(careless).status == 404)
    }

    @Test func `a ca_file that is none is named`() throws {
        let fixture = try TLSFixture()
        let error = #expect(throws: BackendsError.self) {
            try HTTPTransportTests.post(fixture.transport { $0.caFile = fixture.key })
        }
        #expect(error?.kind == .misconfigured)
        #expect(error?.description.contains("ca_file") == true)
    }

    @Test func `a client certificate without its key is named`() throws {
        let fixture = try TLSFixture()
        let error = #expect(throws: BackendsError.self) {
            try HTTPTransportTests.post(
                fixture.transport {
                    $0.skipsVerification = true
                    $0.clientCertificate = fixture.certificate
                })
        }
        #expect(error?.kind == .misconfigured)
        #expect(error?.hint.contains("client_key") == true)
    }

    @Test func `a server that does not speak TLS is a wrong address`() throws {
        let server = try StandInHTTPServer(script: [.raw(Array("HTTP/1.1 400 Bad\r\n\r\n".utf8))])
        // Enough bytes for the stand-in to take the handshake for a request.
        let transport = try HTTPTransportTests.transport("https://127.0.0.1:\(server.port)")
        server.stop()
        let error = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(transport) }
        #expect(error?.kind == .unreachable)

        let plain = try InfluxServer.started()
        let wrong = try HTTPTransportTests.transport("https://127.0.0.1:\(plain.port)")
        let confusion = #expect(throws: BackendsError.self) { try HTTPTransportTests.post(wrong) }
        #expect(confusion?.kind == .misconfigured)
        #expect(confusion?.hint.contains("TLS") == true)
    }

    @Test func `a server that asks for a client certificate gets it`() throws {
        let fixture = try TLSFixture()
        let script = """
            import http.server, ssl, sys
            class Taker(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    self.rfile.read(int(self.headers['Content-Length']))
                    self.send_response(204)
                    self.end_headers()
            server = http.server.HTTPServer(('127.0.0.1', 0), Taker)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1], sys.argv[2])
            context.load_verify_locations(sys.argv[1])
            context.verify_mode = ssl.CERT_REQUIRED
            server.socket = context.wrap_socket(server.socket, server_side=True)
            open(sys.argv[3], 'w').write(str(server.server_port) + '\\n')
            server.serve_forever()
            """
        let portFile = "\(fixture.directory.path)/port"
        let server = try ChildProcess(
            "python3", ["-c", script, fixture.certificate, fixture.key, portFile],
            log: "\(fixture.directory.path)/log")
        try #require(eventually { readText(portFile).hasSuffix("\n") })
        let url = "https://127.0.0.1:\(readText(portFile).dropLast())"
        let known = try HTTPTransportTests.transport(
            url,
            HTTPTransportTests.options {
                $0.caFile = fixture.certificate
                $0.clientCertificate = fixture.certificate
                $0.clientKey = fixture.key
            })
        #expect(try HTTPTransportTests.post(known).status == 204)
        let unknown = try HTTPTransportTests.transport(
            url, HTTPTransportTests.options { $0.caFile = fixture.certificate })
        // The server closes behind its alert, and the reset may overtake it.
        let isTold = eventually {
            do throws(BackendsError) {
                _ = try HTTPTransportTests.posted(unknown).get()
                return false
            } catch {
                return error.kind == .misconfigured && error.hint.contains("client_cert")
            }
        }
        #expect(isTold)
        server.kill()
    }
}
