import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct TickScheduleTests {
    private let second: Int64 = 1_000_000_000

    /// The clocks of a host, in whole and broken seconds.
    private struct Clocks {
        var wall: Double
        var boot: Double = 50

        var now: Moment {
            Moment(wallNs: Int64(wall * 1e9), bootNs: Int64(boot * 1e9), bootID: "b")
        }

        mutating func pass(_ seconds: Double) {
            wall += seconds
            boot += seconds
        }
    }

    /// Lives by the schedule for `seconds` and returns the timestamps of its runs, in seconds.
    private func live(
        _ schedule: inout TickSchedule, _ clocks: inout Clocks, for seconds: Double
    ) -> [Int64] {
        var ticks: [Int64] = []
        let end = clocks.boot + seconds
        var looks = 0
        while clocks.boot < end {
            looks += 1
            if looks > 1000 {
                Issue.record("a busy loop")
                return ticks
            }
            switch schedule.decision(at: clocks.now) {
            case .run(let tickNs, _):
                schedule.started(tickNs: tickNs, at: clocks.now)
                ticks.append(tickNs / second)
            case .wait(let ns):
                let rest = end - clocks.boot
                clocks.pass(min(Double(ns) / 1e9 + 1e-6, rest))
                if Double(ns) / 1e9 > rest { return ticks }
            }
        }
        return ticks
    }

    private func schedule(_ interval: Duration = .seconds(10)) -> TickSchedule {
        TickSchedule(interval: interval, host: "web1")
    }

    @Test func `the first run is at once, with its own time, and then they are aligned`() {
        var schedule = schedule()
        var clocks = Clocks(wall: 1003)
        #expect(live(&schedule, &clocks, for: 40) == [1003, 1010, 1020, 1030, 1040])
    }

    @Test(arguments: [0.001, 0.1, 1, 10, 60, 3600])
    func `jitter is at most a tenth of the interval and half a second`(seconds: Double) {
        for number in 0..<200 {
            let intervalNs = Int64(seconds * 1e9)
            let jitter = TickSchedule.jitterNs(of: "host\(number)", intervalNs: intervalNs)
            #expect((0...min(intervalNs / 10, 500_000_000)).contains(jitter))
            #expect(jitter == TickSchedule.jitterNs(of: "host\(number)", intervalNs: intervalNs))
        }
    }

    @Test func `jitter spreads the hosts of a fleet`() {
        let names = (1...20).map { "web\($0).example.org" }
        let jitters = names.map { TickSchedule.jitterNs(of: $0, intervalNs: 10 * second) }
        let isEarly = jitters.map { $0 < 250_000_000 }
        #expect(Set(jitters).count == names.count)
        #expect(isEarly.contains(true) && isEarly.contains(false))
    }

    @Test func `a run that starts late keeps its tick and those after it`() {
        var schedule = schedule()
        var clocks = Clocks(wall: 1000)
        #expect(live(&schedule, &clocks, for: 5) == [1000])
        clocks.pass(8)
        #expect(live(&schedule, &clocks, for: 10) == [1010, 1020])
    }

    @Test func `ticks missed are counted and not made up for`() {
        var schedule = schedule()
        var clocks = Clocks(wall: 1000)
        #expect(live(&schedule, &clocks, for: 5) == [1000])
        clocks.pass(40)
        #expect(schedule.decision(at: clocks.now) == .run(tickNs: 1040 * second, missed: 3))
    }

    @Test(arguments: [3600.0, 1e9, 25.0, 1.0])
    func `after a step forwards the schedule goes on at the new time`(step: Double) throws {
        var schedule = schedule()
        var clocks = Clocks(wall: 1003)
        _ = live(&schedule, &clocks, for: 21)
        clocks.wall += step
        let ticks = live(&schedule, &clocks, for: 60)
        #expect((5...6).contains(ticks.count))
        #expect(Set(ticks).count == ticks.count)
        #expect(ticks.allSatisfy { $0 % 10 == 0 })
        #expect(try #require(ticks.first) >= Int64(1020 + step))
    }

    @Test(arguments: [3600.0, 1000.0, 25.0, 11.0, 3.0])
    func `after a step backwards timestamps follow the wall clock`(step: Double) throws {
        var schedule = schedule()
        var clocks = Clocks(wall: 5003)
        let before = live(&schedule, &clocks, for: 21)
        #expect(before == [5003, 5010, 5020])
        clocks.wall -= step
        let ticks = live(&schedule, &clocks, for: 60)
        #expect((4...6).contains(ticks.count))
        #expect(Set(ticks).count == ticks.count)
        #expect(ticks.first != before.last)
        let last = try #require(ticks.last)
        #expect(abs(Double(last) - clocks.wall) <= 11)
    }

    @Test(arguments: [86_400.0, -86_400.0])
    func `looking twice before the start sees the same step`(step: Double) {
        var schedule = schedule()
        var clocks = Clocks(wall: 100_000)
        _ = live(&schedule, &clocks, for: 15)
        clocks.pass(6)
        clocks.wall += step
        let decision = schedule.decision(at: clocks.now)
        #expect(decision == .run(tickNs: Int64(100_020 + step) * second, missed: 0))
        #expect(schedule.decision(at: clocks.now) == decision)
    }

    @Test func `a host that starts in 1970 and learns the time later loses no interval`() {
        var schedule = schedule()
        var clocks = Clocks(wall: 3)
        #expect(live(&schedule, &clocks, for: 25) == [3, 10, 20])
        clocks.wall = 1_700_000_004
        let ticks = live(&schedule, &clocks, for: 30)
        #expect(ticks.first == 1_700_000_000 || ticks.first == 1_700_000_010)
        #expect((2...3).contains(ticks.count))
    }

    @Test func `a small correction backwards does not repeat a tick`() {
        var schedule = schedule()
        var clocks = Clocks(wall: 1000)
        #expect(live(&schedule, &clocks, for: 11) == [1000, 1010])
        clocks.wall -= 1.4
        #expect(live(&schedule, &clocks, for: 25) == [1020, 1030])
    }

    @Test func `a restart within an interval repeats no timestamp`() {
        var before = schedule()
        var clocks = Clocks(wall: 1003.25)
        _ = live(&before, &clocks, for: 12)
        var after = schedule()
        guard case .run(let tickNs, _) = after.decision(at: clocks.now) else {
            Issue.record("no first run")
            return
        }
        #expect(tickNs % (10 * second) != 0)
        #expect(tickNs / second > 1010)
    }

    @Test(arguments: [1005.0, 1007, 1009.9])
    func `a tick soon after the first run counts as run`(start: Double) {
        var schedule = schedule()
        var clocks = Clocks(wall: start)
        #expect(live(&schedule, &clocks, for: 30) == [Int64(start), 1020, 1030])
    }

    @Test(arguments: [0.1, 2, 4.9])
    func `soon after a run before a restart the ticks go on`(pause: Double) {
        var clocks = Clocks(wall: 1010.1)
        let before = clocks.now
        clocks.pass(pause)
        var schedule = schedule()
        schedule.resume(after: before, at: clocks.now)
        #expect(live(&schedule, &clocks, for: 25) == [1020, 1030])
    }

    @Test func `long after a run, after a boot, or with a clock that ran back all begins anew`() {
        let clocks = Clocks(wall: 1010)
        let earlier = [
            Moment(wallNs: 1_004 * second, bootNs: 44 * second, bootID: "b"),
            Moment(wallNs: 1_009 * second, bootNs: 49 * second, bootID: "another"),
            Moment(wallNs: 1_009 * second, bootNs: 51 * second, bootID: "b"),
        ]
        for moment in earlier {
            var schedule = schedule()
            schedule.resume(after: moment, at: clocks.now)
            #expect(schedule.decision(at: clocks.now) == .run(tickNs: 1010 * second, missed: 0))
        }
    }

    @Test func `a step of the clock after a restart is not taken for a run`() {
        var clocks = Clocks(wall: 1010.1)
        let before = clocks.now
        clocks.pass(1)
        var schedule = schedule()
        schedule.resume(after: before, at: clocks.now)
        clocks.wall += 86_400
        let ticks = live(&schedule, &clocks, for: 30)
        #expect(ticks.count == 3 && ticks.allSatisfy { $0 % 10 == 0 })
    }

    @Test func `times before 1970 are aligned too`() {
        var schedule = schedule()
        var clocks = Clocks(wall: -23)
        #expect(live(&schedule, &clocks, for: 30) == [-23, -10, 0])
    }

    @Test func `suspended time passes on both clocks and only the latest tick is run`() {
        var schedule = schedule()
        var clocks = Clocks(wall: 1000)
        _ = live(&schedule, &clocks, for: 5)
        clocks.pass(86_400)
        #expect(live(&schedule, &clocks, for: 1).count <= 1)
    }

    @Test func `many checks start in groups one after the other, within a quarter of the interval`()
    {
        func delayNs(_ position: Int, _ interval: Duration = .seconds(10)) -> Int64 {
            TickSchedule(interval: interval, host: "web1", position: position).jitterNs
                - TickSchedule(interval: interval, host: "web1").jitterNs
        }
        #expect((0..<16).allSatisfy { delayNs($0) == 0 })
        #expect((16..<32).allSatisfy { delayNs($0) == 15_000_000 })
        #expect(delayNs(199) == 180_000_000)
        #expect((0..<100_000).allSatisfy { (0..<2_500_000_000).contains(delayNs($0)) })
        #expect(
            (0..<1_000).allSatisfy { (0..<25_000_000).contains(delayNs($0, .milliseconds(100))) })
    }

    @Test func `a check that starts later is stamped with the same ticks`() {
        var schedule = TickSchedule(interval: .seconds(10), host: "web1", position: 1_000)
        var clocks = Clocks(wall: 1003)
        #expect(live(&schedule, &clocks, for: 40) == [1003, 1010, 1020, 1030, 1040])
    }

    @Test func `how late a run starts is measured from when it was due`() {
        var schedule = schedule()
        let first = Clocks(wall: 1003).now
        #expect(schedule.started(tickNs: first.wallNs, at: first) == 0)
        let dueNs = 1_010 * second + schedule.jitterNs
        for lateNs in [0, 70_000_000, 60 * second] {
            let now = Moment(wallNs: dueNs + lateNs, bootNs: 100 * second, bootID: "b")
            #expect(
                schedule.started(tickNs: 1_010 * second, at: now) == min(lateNs, 10 * second))
        }
    }
}
