/// One instant, on the wall clock and on the clock of the running boot.
///
/// The wall clock stamps points; it can be stepped. The boot clock measures elapsed time; it only
/// goes forward, and starts anew at every boot, which `bootID` tells apart.
public struct Moment: Sendable, Hashable {
    /// Nanoseconds since the Unix epoch, UTC.
    public var wallNs: Int64
    /// Nanoseconds since boot, suspended time included (`CLOCK_BOOTTIME`).
    public var bootNs: Int64
    /// The kernel's identity of the boot (`/proc/sys/kernel/random/boot_id`).
    public var bootID: String

    /// An instant read from the two clocks at the same time.
    public init(wallNs: Int64, bootNs: Int64, bootID: String) {
        self.wallNs = wallNs
        self.bootNs = bootNs
        self.bootID = bootID
    }

    /// Nanoseconds from `earlier` to this instant: by the boot clock within a boot, by the wall
    /// clock across a reboot. Not positive when no time can be told to have passed, as when one of
    /// the two is no time that a clock shows.
    public func elapsedNs(since earlier: Moment) -> Int64 {
        let (elapsedNs, overflow) =
            bootID == earlier.bootID
            ? bootNs.subtractingReportingOverflow(earlier.bootNs)
            : wallNs.subtractingReportingOverflow(earlier.wallNs)
        return overflow ? 0 : elapsedNs
    }
}
