import Foundation
import TestSupport
import Testing

/// Wall clocks that jump, start in 1970 or run at another speed: the daemon's clock of the day changes,
/// what has passed since the boot does not, as with a real step. By a library of our own: libfaketime
/// 0.9.10 changes the environment, behind which Swift finds no arguments any more, and wakes waiting
/// threads late.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ClockTests {
    /// What the clock does, one after the other.
    struct Course: CustomTestStringConvertible {
        let words: String
        let clocks: [Clock]
        var testDescription: String { words }
    }

    /// A clock, by its difference to the right one.
    enum Clock {
        case right
        case hours(Int)
        /// 1970 began a moment ago.
        case epoch
        /// Slower by so many parts in a million from now on.
        case slower(perMillion: Int)
    }

    static let courses = [
        Course(words: "clock steps by +1 h", clocks: [.right, .hours(1)]),
        Course(words: "clock steps by -1 h", clocks: [.right, .hours(-1)]),
        Course(words: "clock steps by +1 day", clocks: [.right, .hours(24)]),
        Course(words: "clock steps by -1 day", clocks: [.right, .hours(-24)]),
        Course(
            words: "clock steps back and forth",
            clocks: [.right, .hours(-1), .hours(24), .right, .hours(-24), .hours(1)]),
        Course(words: "boot at 1970, then the right time", clocks: [.epoch, .right]),
        Course(
            words: "leap second, smeared over a minute",
            clocks: [.right, .slower(perMillion: 16_667)]),
    ]

    static var chosen: [Course] { FaultScale.isFull ? courses : [courses[4], courses[5]] }

    @Test(arguments: chosen)
    func `no clock loses a point, bends a rate, or keeps the daemon busy`(_ course: Course) throws {
        let clock = try SteppedClock(course.clocks[0])
        let host = try FaultedHost(.init(wrapper: { _ in clock.wrapper }))
        let seconds: Double = FaultScale.pick(
            short: 1, full: course.words.contains("smeared") ? 60 : 15)
        try host.start()
        host.waitUntilFlowing()
        let start = ContinuousClock.now
        let usedAtStart = processorSeconds(host.puypuy.daemonPid)
        var recovery = 0.0
        var history = Contents([:])
        for step in course.clocks.dropFirst() {
            usleep(UInt32(seconds * 1e6))
            // What is delivered is history; after a long step it may be old enough to go.
            history.add(try Contents(ofSpool: host.spool))
            clock.set(step)
            recovery = max(recovery, host.recovery(within: .seconds(20)))
        }
        usleep(UInt32(seconds * 1e6))
        let passed = (ContinuousClock.now - start) / .seconds(1)
        let used = processorSeconds(host.puypuy.daemonPid) - usedAtStart
        #expect(used / passed < 0.5, "busy: \(used) s of processor in \(passed) s")
        let result = try host.prove(
            course.words, history: history,
            extent: "\(course.clocks.count - 1) steps, \(seconds) s each",
            recoverySeconds: recovery,
            remark: String(format: "%.0f%% of a core;", 100 * used / passed))
        // Schedules go on: most of the runs that fit into the time took place.
        let runs = Double(host.runs(ofScript: 0))
        #expect(runs > passed / host.options.period * 0.4, "\(runs) runs in \(passed) s")
        #expect(runs < passed / host.options.period * 1.5 + 10, "\(runs) runs in \(passed) s")
        #expect(result.expired == 0)
    }

    /// proc(5): user and system time are the 12th and 13th words behind the name; 100 ticks a second.
    private func processorSeconds(_ pid: pid_t) -> Double {
        let stat = readText("/proc/\(pid)/stat")
        let words = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard words.count > 13 else { return 0 }
        return (Double(words[12]) ?? 0) / 100 + (Double(words[13]) ?? 0) / 100
    }
}
