import PuyPuyCore
import Testing

@testable import PuyPuyAgent
@testable import PuyPuySender
@testable import PuyPuySpool

@Suite struct BackendStatusTests {
    private func summary(isActive: Bool = true, pending: Int64 = 3) -> BackendSummary {
        BackendSummary(
            name: "db \"1\"", type: "InfluxDB",
            ledger: Ledger(collected: 10, delivered: 5, pending: pending, dead: 1, expired: 1),
            pendingBatches: 1, pendingRecounted: pending,
            oldestPendingNs: 1_795_477_829_123_456_789,
            isActive: isActive)
    }

    @Test func `what is told of a failing backend reads back the same`() throws {
        let now = ContinuousClock.now
        var sender = SenderStatus(backend: "db \"1\"")
        sender.requests = 9
        sender.failedRequests = 4
        sender.condition = .holding(
            reason: "401 \"unauthorized\"\n", hint: "set pass", until: now + .seconds(42))
        sender.lastFailure = ("401", now - .seconds(3))
        let status = BackendStatus(summary(), sender: sender, at: now)
        #expect(status.state == .holding && status.nextAttemptSeconds == 42)
        #expect(status.lastError == "401 \"unauthorized\"\n" && status.hint == "set pass")
        let value = try #require(JSONValue(status.json.utf8))
        #expect(BackendStatus(value) == status)
    }

    @Test func `a backend that recovered keeps its last error and how old it is`() {
        let now = ContinuousClock.now
        var sender = SenderStatus(backend: "a")
        sender.lastFailure = ("timeout", now - .seconds(90))
        let status = BackendStatus(summary(), sender: sender, at: now)
        #expect(status.state == .flowing && status.lastError == "timeout")
        #expect(status.lastErrorAgeSeconds == 90 && status.nextAttemptSeconds == nil)
    }

    @Test func `a removed backend says what to do while points are pending`() {
        let status = BackendStatus(summary(isActive: false), sender: nil, at: .now)
        #expect(status.state == .removed && status.hint?.contains("forget") == true)
        let empty = BackendStatus(summary(isActive: false, pending: 0), sender: nil, at: .now)
        #expect(empty.hint == nil)
    }

    @Test func `without a daemon the configuration says what is removed`() {
        #expect(BackendStatus(summary(), isConfigured: true).state == .stopped)
        #expect(BackendStatus(summary(), isConfigured: false).state == .removed)
        #expect(BackendStatus(summary(isActive: false), isConfigured: true).state == .stopped)
    }

    @Test(arguments: ["Local", "Prometheus"])
    func `what nothing is sent to is local, daemon or not`(_ type: String) {
        var summary = summary(pending: 0)
        summary.type = type
        #expect(BackendStatus(summary, sender: nil, at: .now).state == .local)
        #expect(BackendStatus(summary, isConfigured: true).state == .local)
        #expect(BackendStatus(summary, isConfigured: false).state == .removed)
    }
}
