import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct CollectOnceTests {
    private func scheduled(
        _ name: String, _ body: @escaping @Sendable (inout Sample) async throws -> Void
    ) -> ScheduledCheck {
        ScheduledCheck(name: name, check: ClosureCheck(body), interval: .seconds(10))
    }

    @Test func `runs come back in the order of the checks`() async throws {
        let checks = ["c", "a", "b"].map { name in scheduled(name) { _ in } }
        let runs = try await Scheduler.collectOnce(checks, baseTags: .none)
        #expect(runs.map(\.check) == ["c", "a", "b"])
    }

    @Test func `twice with a pause gives rates and the second run`() async throws {
        let count = Counter()
        let check = scheduled("a") { sample in
            sample.delta("d", .integer(Int64(count.add() * 10)))
        }
        let runs = try await Scheduler.collectOnce(
            [check], baseTags: .none, twiceWithPause: .milliseconds(1))
        #expect(count.value == 2)
        #expect(runs.count == 1)
        #expect(runs[0].points.value("d") == .double(10))
    }

    @Test func `known readings are continued from`() async throws {
        let state = RateState(value: .integer(1), moment: moment(1))
        let check = scheduled("a") { sample in
            if let difference = sample.difference(of: "n", .integer(5)) {
                sample.gauge("n", .double(difference))
            }
        }
        let runs = try await Scheduler.collectOnce(
            [check], baseTags: .none, rateStates: ["a/n": state])
        #expect(runs[0].points.value("n") == .double(4))
    }

    @Test func `all built-in checks but those that need a tool succeed on this machine`()
        async throws
    {
        let checks = try CheckRegistry.builtIn.filter { $0.name != "btrfs" }.map { check in
            ScheduledCheck(
                name: check.name, check: try check.make(CheckContext()), interval: .seconds(10))
        }
        let runs = try await Scheduler.collectOnce(
            checks, baseTags: ["host": "h"], twiceWithPause: .milliseconds(200))
        for run in runs { #expect(run.end == .succeeded, "\(run.check)") }
        let cpu = try #require(runs.first { $0.check == "cpustats" })
        #expect(cpu.points.value("cpu_user") != nil)
    }
}
