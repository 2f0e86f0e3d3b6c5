import PuyPuyCore
import TestSupport
import Testing

@Suite struct VictoriaMetricsServerTests {
    /// Some minutes ago, in whole seconds.
    static let second = wallClockNs() / 1_000_000_000 - 600

    static func put(_ body: String, to server: VictoriaMetricsServer) throws -> Int {
        try LoopbackRequest(
            "POST", "/api/put", port: server.openTSDBPort,
            headers: ["Content-Type: application/json"], body: Array(body.utf8)
        ).status
    }

    @Test func `a started server gives back exactly what was written`() throws {
        let server = try VictoriaMetricsServer.started()
        let body = """
            [{"metric":"m","timestamp":\(Self.second),"value":0.1,"tags":{"host":"a/b"}},
             {"metric":"m","timestamp":\(Self.second)123,"value":-2.5,"tags":{"host":"a/b"}},
             {"metric":"n","timestamp":\(Self.second),"value":9007199254740993,"tags":{"k":"v"}}]
            """
        #expect(try Self.put(body, to: server) == 204)
        let points = try server.points()
        let first = try #require(points[Series(metric: "m", tags: ["host": "a/b"])])
        #expect(first.map(\.value) == [0.1, -2.5])
        #expect(
            first.map(\.timestampNs)
                == [Self.second * 1_000_000_000, Self.second * 1_000_000_000 + 123_000_000])
        #expect(points[Series(metric: "n", tags: ["k": "v"])]?.count == 1)
        #expect(try server.pointCount() == 3)
    }

    @Test func `a restart keeps the ports and the points`() throws {
        let server = try VictoriaMetricsServer.started()
        let (url, openTSDBURL) = (server.url, server.openTSDBURL)
        let body =
            #"{"metric":"m","timestamp":\#(Self.second),"value":1,"tags":{"host":"a"}}"#
        #expect(try Self.put(body, to: server) == 204)
        #expect(try server.pointCount() == 1)
        server.stop()
        #expect(!server.isRunning)
        try server.start()
        #expect(server.url == url)
        #expect(server.openTSDBURL == openTSDBURL)
        #expect(try server.pointCount() == 1)
        server.kill()
        #expect(!server.isRunning)
        try server.start()
        #expect(server.isRunning)
    }
}
