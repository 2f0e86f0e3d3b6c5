internal import Glibc

/// What kept a test server from doing its part: the test can't go on.
public struct TestSupportError: Error, CustomStringConvertible {
    /// What went wrong, in the system's or the server's words.
    public let description: String

    /// An error that reads `description`.
    public init(_ description: String) { self.description = description }
}

/// The system's words for `errno`.
func systemWords(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// Asks `condition` every few milliseconds until it holds or `deadline` has passed; says whether it
/// held. For what happens in another process, which no test clock reaches.
public func eventually(
    within deadline: Duration = .seconds(60), _ condition: () throws -> Bool
) rethrows -> Bool {
    let end = ContinuousClock.now + deadline
    while true {
        if try condition() { return true }
        if ContinuousClock.now >= end { return false }
        usleep(3000)
    }
}

/// The wall clock, in nanoseconds since the epoch.
public func wallClockNs() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
