internal import Synchronization

/// Cuts requests short: raised from any thread at shutdown, polled by the transports.
///
/// A request under way ends within about 100 ms; a later one is not begun.
public final class Interrupt: Sendable {
    private let flag = Atomic<Bool>(false)

    /// An interrupt that is not raised.
    public init() {}

    /// Whether requests must end.
    public var isRaised: Bool { flag.load(ordering: .acquiring) }

    /// Ends the requests that use this interrupt, now and from now on.
    public func raise() { flag.store(true, ordering: .releasing) }

    /// Lets requests run again.
    public func lower() { flag.store(false, ordering: .releasing) }
}
