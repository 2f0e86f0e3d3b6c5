internal import Synchronization

/// The first of several events that may happen, for one task that waits for it.
///
/// Unlike a task group it leaves behind whoever has not finished, as a hung check does not.
final class FirstEvent<Event: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Event, Never>)
        case happened(Event)
    }

    private let state = Mutex(State.open)

    /// Reports an event. Only the first one counts.
    func happen(_ event: Event) {
        let waiter = state.withLock { state -> CheckedContinuation<Event, Never>? in
            switch state {
            case .open:
                state = .happened(event)
                return nil
            case .awaited(let continuation):
                state = .happened(event)
                return continuation
            case .happened: return nil
            }
        }
        waiter?.resume(returning: event)
    }

    /// Waits for the first event. Cancelling does not end the wait. Call it once.
    func value() async -> Event {
        await withCheckedContinuation { continuation in
            let event = state.withLock { state -> Event? in
                switch state {
                case .open:
                    state = .awaited(continuation)
                    return nil
                case .awaited: preconditionFailure("two tasks wait for one event")
                case .happened(let event): return event
                }
            }
            if let event { continuation.resume(returning: event) }
        }
    }
}
