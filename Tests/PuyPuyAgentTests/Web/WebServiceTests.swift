import NIOCore
import NIOPosix
import PuyPuySpool
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite(.timeLimit(.minutes(10)))
struct WebServiceTests {
    // What HummingbirdCore's server leaves behind asks it then.
    @Test func `the network's thread goes on when the web server and the socket have ended`()
        async throws
    {
        let folder = try TemporaryDirectory()
        var settings = Settings()
        settings.spool.path = folder.path + "/spool.db"
        settings.web.isEnabled = true
        settings.web.port = Int(try LoopbackClient.freePort())
        let service = WebService(settings, source: StubSource())
        let run = Task { try await service.run() }
        for await _ in service.start {}
        run.cancel()
        try await run.value
        #expect(try await WebService.network.next().submit { 7 }.get() == 7)
    }
}
