import PuyPuyCore
import TestSupport
import Testing

@Suite struct InfluxServerTests {
    @Test func `a started server gives back exactly what was written`() throws {
        let server = try InfluxServer.started()
        try server.write("m,host=a\\ b value=-0.0 -9223372036854775806\n")
        try server.write("n,k=\\\"é value=9007199254740993i 7\n")
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
        try server.write("m value=1 1\n")
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
