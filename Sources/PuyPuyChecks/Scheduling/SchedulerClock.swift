internal import Glibc
public import PuyPuyCore

/// The scheduler's time: the system's, or a test's.
public protocol SchedulerClock: Sendable {
    /// This instant on both clocks.
    func now() -> Moment
    /// Returns when the boot clock has reached `bootNs`, or throws when the task is cancelled. It
    /// may return early; whoever sleeps looks at the clock again.
    func sleep(untilBootNs bootNs: Int64) async throws
}

/// The clocks of the system: clock_gettime(2).
public struct SystemSchedulerClock: SchedulerClock {
    private let bootID: String

    /// Reads the identity of the boot; it stays the same for as long as this process lives.
    public init() {
        let text = try? HostRoot("/").read("/proc/sys/kernel/random/boot_id")
        bootID =
            text.map { content in
                var words = ByteWords(content[...])
                return words.next()?.text ?? ""
            } ?? ""
    }

    /// The wall clock, and the clock of the boot with suspended time.
    public func now() -> Moment {
        Moment(
            wallNs: nanoseconds(CLOCK_REALTIME), bootNs: nanoseconds(CLOCK_BOOTTIME),
            bootID: bootID)
    }

    /// Sleeps on a clock that steps of the wall clock do not touch.
    public func sleep(untilBootNs bootNs: Int64) async throws {
        let remainingNs = bootNs - nanoseconds(CLOCK_BOOTTIME)
        if remainingNs > 0 {
            try await Task.sleep(for: .nanoseconds(remainingNs), clock: .continuous)
        }
    }

    private func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
