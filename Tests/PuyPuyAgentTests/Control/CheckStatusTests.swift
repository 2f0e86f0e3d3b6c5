import PuyPuyCore
import Testing

@testable import PuyPuyAgent
@testable import PuyPuySpool

@Suite struct CheckStatusTests {
    private static let second: Int64 = 1_000_000_000
    private static let now = 1_000 * second

    private func summary(
        _ name: String = "memory", ago seconds: Int64 = 5, problem: String? = nil
    ) -> CheckSummary {
        CheckSummary(
            name: name, runs: 9, failures: 2, points: 90, counterResets: 1,
            lastStartedNs: Self.now - seconds * Self.second, lastDurationNs: 1_234_567,
            lastPoints: 10, lastProblem: problem)
    }

    private func state(
        _ interval: Duration?, _ summary: CheckSummary?
    ) -> CheckStatus.State {
        CheckStatus("memory", interval: interval, summary, nowNs: Self.now).state
    }

    @Test func `a check is as its last run was`() {
        #expect(state(.seconds(10), summary()) == .ok)
        #expect(state(.seconds(10), summary(problem: "no such file")) == .failing)
        #expect(state(.seconds(10), nil) == .waiting)
        #expect(state(nil, summary()) == .removed)
    }

    @Test func `it is late only when two intervals and a minute have passed`() {
        #expect(state(.seconds(10), summary(ago: 80)) == .ok)
        #expect(state(.seconds(10), summary(ago: 81)) == .late)
        #expect(state(.seconds(300), summary(ago: 600)) == .ok)
        #expect(state(.seconds(10), summary(ago: -500)) == .ok)
    }

    @Test func `those that run and those that ran are there once each, by name`() {
        let all = CheckStatus.all(
            intervals: ["memory": .seconds(10), "disks": .seconds(60)],
            summaries: [summary("old"), summary()], nowNs: Self.now)
        #expect(all.map(\.name) == ["disks", "memory", "old"])
        #expect(all.map(\.state) == [.waiting, .ok, .removed])
    }

    @Test func `the API says it in seconds`() {
        let check = CheckStatus(
            "memory", interval: .seconds(10), summary(problem: "a \"b\""), nowNs: Self.now)
        #expect(
            check.json
                == #"{"name":"memory","state":"failing","interval_seconds":10.0,"runs":9,"#
                + #""failed_runs":2,"points":90,"counter_resets":1,"last_run_ns":995000000000,"#
                + #""last_seconds":0.001235,"last_points":10,"last_error":"a \"b\""}"#)
        let waiting = CheckStatus("x", interval: .seconds(1), nil, nowNs: Self.now)
        #expect(JSONValue(waiting.json.utf8)?["last_run_ns"] == .null)
    }
}
