import PuyPuyCore
import TestSupport
import Testing

@Suite struct InfluxServerTests {
    private static func write(_ lines: String, to server: InfluxServer) throws -> Int {
        try LoopbackRequest(
            "POST", "/write?db=puypuy", port: server.port, body: Array(lines.utf8)
        ).status
    }

    @Test func `a started server gives back exactly what was written`() throws {
        let server = try InfluxServer.started()
        #expect(
            try Self.write("m,host=a\\ b value=-0.0 -9223372036854775806\n", to: server) == 204)
        #expect(try Self.write("n,k=\\\"é value=9007199254740993i 7\n", to: server) == 204)
        let points = try server.points()
        #expect(
            points[Series(metric: "m", tags: ["host": "a b"])]?.first?.value.bitPattern
                == (-0.0).bitPattern)
        #expect(
            points[Series(metric: "m", tags: ["host": "a b"])]?.first?.timestampNs == .min + 2)
        #expect(
            try server.points(of: "n")[Series(metric: "n", tags: ["k": "\\\"é"])]?.first?.integer
                == 9_007_199_254_740_993)
        #expect(try server.pointCount() == 2)
    }

    @Test(arguments: [true, false])
    func `a restart keeps the port and the points`(kills: Bool) throws {
        let server = try InfluxServer.started()
        let url = server.url
        #expect(try Self.write("m value=1 1\n", to: server) == 204)
        if kills { server.kill() } else { server.stop() }
        #expect(!server.isRunning)
        try server.start()
        #expect(server.url == url)
        #expect(try server.pointCount() == 1)
    }

    @Test func `a paused server answers once it is resumed`() throws {
        let server = try InfluxServer.started()
        server.pause()
        #expect(throws: TestSupportError.self) {
            _ = try LoopbackRequest("GET", "/ping", port: server.port, timeoutSeconds: 1)
        }
        server.resume()
        #expect(try LoopbackRequest("GET", "/ping", port: server.port).status == 204)
    }
}
