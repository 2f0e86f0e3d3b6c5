import Logging
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct SchedulerClockTests {
    @Test func `the system's clocks go on, and name the boot`() async throws {
        let clock = SystemSchedulerClock()
        let before = clock.now()
        try await clock.sleep(untilBootNs: before.bootNs + 2_000_000)
        let after = clock.now()
        #expect(after.elapsedNs(since: before) >= 2_000_000)
        #expect(after.wallNs > before.wallNs)
        let bootID = readText("/proc/sys/kernel/random/boot_id")
        #expect(after.bootID + "\n" == bootID)
    }

    @Test func `a time that has passed is not slept for, and cancelling wakes`() async throws {
        let clock = SystemSchedulerClock()
        try await clock.sleep(untilBootNs: 0)
        let sleeping = Task { try await clock.sleep(untilBootNs: clock.now().bootNs + Int64(1e15)) }
        sleeping.cancel()
        await #expect(throws: CancellationError.self) { try await sleeping.value }
    }

    @Test func `checks run on the system's clock`() async {
        let store = RunList()
        let check = ScheduledCheck(
            name: "a", check: ClosureCheck { $0.gauge("m", .integer(1)) },
            interval: .milliseconds(50))
        let scheduler = Scheduler(
            checks: [check], baseTags: .none, store: store, logger: Logger(label: "test"))
        let running = Task { await scheduler.run() }
        await store.stored(4)
        await scheduler.stop(within: .seconds(5))
        await running.value
        let ticks = store.runs.map { $0.points[0].timestampNs }
        #expect(ticks.dropFirst().allSatisfy { $0 % 50_000_000 == 0 })
        #expect(Set(ticks).count == ticks.count)
    }

    @Test func `durations are whole nanoseconds, and absurd ones do not trap`() {
        #expect(Duration.milliseconds(1500).nanoseconds == 1_500_000_000)
        #expect(Duration.seconds(-1).nanoseconds == -1_000_000_000)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.milliseconds(250).inSeconds == 0.25)
    }
}
