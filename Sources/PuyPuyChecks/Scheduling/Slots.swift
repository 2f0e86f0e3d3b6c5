internal import Synchronization

/// How many checks may run at a time. Whoever waits gets a slot in the order of asking.
final class Slots: Sendable {
    private struct State {
        var free: Int
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// `count` slots, all free.
    init(count: Int) { state = Mutex(State(free: count)) }

    /// Waits for a free slot and takes it.
    func take() async {
        await withCheckedContinuation { continuation in
            let isTaken = state.withLock { state in
                if state.free > 0 || state.isOpen {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isTaken { continuation.resume() }
        }
    }

    /// Gives a slot back, to the one who waits longest.
    func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }

    /// Lets everybody through from now on, since all that is left is to stop.
    func open() {
        let all = state.withLock { state in
            state.isOpen = true
            state.free -= state.waiting.count
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for continuation in all { continuation.resume() }
    }
}
