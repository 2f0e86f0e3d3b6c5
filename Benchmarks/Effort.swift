import Glibc

/// Time and processor time of a piece of work.
struct Effort {
    /// By the clock on the wall.
    let seconds: Double
    /// Of all threads of the process, in the program and in the kernel.
    let cpuSeconds: Double

    /// What `body` takes.
    static func of(_ body: () async throws -> Void) async rethrows -> Effort {
        let clock = ContinuousClock()
        let cpuBefore = processSeconds()
        let elapsed = try await clock.measure(body)
        return Effort(
            seconds: elapsed / .seconds(1), cpuSeconds: processSeconds() - cpuBefore)
    }

    /// The processor time of the process so far.
    static func processSeconds() -> Double { clockSeconds(CLOCK_PROCESS_CPUTIME_ID) }

    /// The processor time of the calling thread so far.
    static func threadSeconds() -> Double { clockSeconds(CLOCK_THREAD_CPUTIME_ID) }

    private static func clockSeconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
