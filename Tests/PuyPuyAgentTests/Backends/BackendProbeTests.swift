import PuyPuyBackends
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct BackendProbeTests {
    private func findings(
        _ url: String, _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) -> (steps: [BackendProbe.Finding], succeeded: Bool) {
        var configuration = BackendConfiguration(name: "db", type: .influxDB)
        configuration.url = url
        configuration.database = "puypuy"
        configuration.timeout = .seconds(5)
        change(&configuration)
        var settings = Settings()
        settings.hostname = "web1"
        var steps: [BackendProbe.Finding] = []
        let succeeded = BackendProbe(configuration, settings: settings).run { steps.append($0) }
        let failures = steps.dropLast().filter { !$0.succeeded }
        #expect(failures.isEmpty)
        #expect(steps.last?.succeeded == succeeded)
        return (steps, succeeded)
    }

    @Test func `every step succeeds and one point is in the database`() throws {
        let server = try InfluxServer.started()
        let (steps, succeeded) = findings(server.url)
        #expect(succeeded)
        #expect(steps.map(\.step) == [.configure, .resolve, .connect, .write])
        let stored = try server.points(of: BackendProbe.metric)
        #expect(stored.count == 1)
        let tags = stored.first?.key.tags
        #expect(tags?["host"] == "web1" && tags?["type"] == "puypuy")
        #expect(stored.first?.value.map(\.value) == [1])
    }

    @Test func `a server that is not there fails to connect`() throws {
        let steps = findings("http://127.0.0.1:1").steps
        #expect(steps.last?.step == .connect)
        #expect(steps.last?.words == "127.0.0.1:1: Connection refused")
        #expect(steps.last?.hint.contains("port in address") == true)
    }

    @Test func `a proxy that is not there is named instead of the server`() throws {
        let steps = findings("http://db.invalid:8086") { $0.proxy = "http://u:p@127.0.0.1:1" }.steps
        #expect(steps.last?.words == "127.0.0.1:1: Connection refused")
        #expect(steps.last?.hint.contains("port in proxy") == true)
    }

    @Test func `a host behind a firewall that drops packets times out`() throws {
        let listener = try FullListener()
        let steps = findings("http://127.0.0.1:\(listener.port)") {
            $0.connectTimeout = .milliseconds(200)
        }.steps
        #expect(steps.last?.step == .connect)
        #expect(steps.last?.words.contains("timed out") == true)
    }

    @Test func `a name that nobody knows fails to resolve`() {
        let steps = findings("http://no-such-host.invalid:8086").steps
        #expect(steps.last?.step == .resolve)
        #expect(steps.last?.words.hasPrefix("no-such-host.invalid: ") == true)
    }

    @Test func `what the server says is shown with what to change, and never a secret`() throws {
        let server = try StandInHTTPServer { request in
            .status(
                401, headers: [],
                body: "{\"error\":\"no \(request.headers["authorization"] ?? "")\"}")
        }
        let (steps, succeeded) = findings(server.url) { $0.credentials = .token("s3cr3t-t0ken") }
        #expect(!succeeded)
        let last = try #require(steps.last)
        #expect(last.step == .authenticate)
        #expect(last.words.hasPrefix("HTTP 401"))
        #expect(last.hint.contains("user and pass"))
        #expect(!steps.contains { $0.words.contains("s3cr3t-t0ken") })
    }

    @Test func `a database that is missing fails to be written, with the statement to run`() throws
    {
        let server = try InfluxServer.started(databases: [])
        let last = try #require(findings(server.url).steps.last)
        #expect(last.step == .write)
        #expect(last.hint.contains("CREATE DATABASE"))
    }

    @Test func `what can never work is found before the network is touched`() {
        let steps = findings("http://127.0.0.1:1") { $0.caFile = "/nowhere.pem" }.steps
        #expect(steps.map(\.step) == [.configure])
        #expect(steps[0].words.contains("/nowhere.pem"))
    }

    @Test func `a point that is refused for good is a failure`() {
        let finding = BackendProbe.finding(
            .acceptedExcept([Outcome.Rejection(row: 0, reason: "too many tags")]),
            BackendConfiguration(name: "db", type: .openTSDB))
        #expect(!finding.succeeded && finding.words == "too many tags")
    }
}
