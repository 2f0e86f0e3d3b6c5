import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// A proxy that builds tunnels: for CONNECT of HTTP (RFC 9110, 9.3.6) and for SOCKS 5 (RFC 1928).
/// It passes ends on, each on its own.
private final class TunnelProxy {
    let port: Int
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    init() throws {
        directory = try TemporaryDirectory()
        let script = """
            import socket, sys, threading
            listener = socket.create_server(('127.0.0.1', 0))
            open(sys.argv[1] + '/port', 'w').write('%d\\n' % listener.getsockname()[1])
            def copy(source, target):
                try:
                    while True:
                        piece = source.recv(65536)
                        if not piece: break
                        target.sendall(piece)
                    target.shutdown(socket.SHUT_WR)
                except OSError: pass
            def serve(client):
                first = client.recv(1)
                if first == b'\\x05':
                    client.recv(client.recv(1)[0])
                    client.sendall(b'\\x05\\x00')
                    head = client.recv(4)
                    name = client.recv(client.recv(1)[0]).decode() if head[3] == 3 \\
                        else socket.inet_ntoa(client.recv(4))
                    port = int.from_bytes(client.recv(2), 'big')
                    answer = b'\\x05\\x00\\x00\\x01' + bytes(6)
                else:
                    head = first
                    while not head.endswith(b'\\r\\n\\r\\n'): head += client.recv(1)
                    name, port = head.split()[1].decode().split(':')
                    answer = b'HTTP/1.1 200 OK\\r\\n\\r\\n'
                server = socket.create_connection((name, int(port)))
                client.sendall(answer)
                threading.Thread(target=copy, args=(server, client), daemon=True).start()
                copy(client, server)
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()
            """
        process = try ChildProcess(
            "/usr/bin/python3", ["-c", script, directory.path], log: "\(directory.path)/log")
        let file = "\(directory.path)/port"
        try #require(eventually(within: .seconds(60)) { readText(file).hasSuffix("\n") })
        port = Int(readText(file).dropLast()) ?? 0
    }
}

@Suite struct CarbonProxyTests {
    @Test(arguments: ["http", "socks5h"])
    func `every value comes through a proxy`(scheme: String) throws {
        let server = try CarbonServer.started()
        let proxy = try TunnelProxy()
        let backend = try CarbonBackendTests.backend(server.url) {
            $0.proxy = "\(scheme)://127.0.0.1:\(proxy.port)"
        }
        let (block, catalog, wanted) = CarbonBackendTests.block(series: 50, seconds: 20)
        #expect(backend.deliver(block, catalog: catalog) == Attempt(.accepted))
        #expect(try CarbonBackendTests.differences(server, wanted) == [])
    }

    @Test func `a stopped Carbon behind a proxy has confirmed nothing`() throws {
        let server = try CarbonServer.started()
        let proxy = try TunnelProxy()
        let backend = try CarbonBackendTests.backend(server.url) {
            $0.proxy = "http://127.0.0.1:\(proxy.port)"
            $0.timeout = .seconds(1)
        }
        let (block, catalog, _) = CarbonBackendTests.block(series: 5, seconds: 2)
        server.pause()
        #expect(CarbonBackendTests.isTransient(backend.deliver(block, catalog: catalog)))
    }

    @Test func `a relay with TLS is reached through a proxy`() throws {
        let relay = try TLSRelay("")
        let proxy = try TunnelProxy()
        try relay.send(CarbonTransportTests.small) { $0.proxy = "http://127.0.0.1:\(proxy.port)" }
        #expect(eventually { relay.record.hasPrefix("clean ") }, "\(relay.record)")
    }
}
