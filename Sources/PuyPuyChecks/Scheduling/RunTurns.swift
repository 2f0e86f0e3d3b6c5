/// A line of checks of which one runs at a time, such as the modules of one Python host.
///
/// A check stands in line before it asks for one of the scheduler's slots and before its deadline
/// starts, so that waiting costs neither other checks their slots nor itself its time.
public final class RunTurns: Sendable {
    private let slots = Slots(count: 1)

    /// A line that nobody stands in.
    public init() {}

    /// Waits for the turn of the caller, in the order of asking.
    func take() async { await slots.take() }

    /// Ends the turn.
    func give() { slots.give() }

    /// Lets everybody through from now on, since all that is left is to stop.
    func open() { slots.open() }
}
