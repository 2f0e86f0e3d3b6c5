import PuyPuyCore
import Synchronization

@testable import PuyPuyChecks

/// A clock that stands still until a test moves it.
final class TestClock: SchedulerClock {
    private struct Sleeper {
        let untilBootNs: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        let count: Int
        let withinNs: Int64
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var wallNs: Int64
        var bootNs: Int64 = 5_000_000_000
        var nextSleeper = 0
        var sleepers: [Int: Sleeper] = [:]
        var watchers: [Watcher] = []
        var sleepsStarted = 0

        /// True when as many as `watcher` waits for sleep.
        func satisfies(_ watcher: Watcher) -> Bool {
            sleepers.values.count { $0.untilBootNs - bootNs <= watcher.withinNs } >= watcher.count
        }
    }

    private let state: Mutex<State>

    init(wallSeconds: Double = 1_700_000_003) {
        state = Mutex(State(wallNs: Int64(wallSeconds * 1000) * 1_000_000))
    }

    func now() -> Moment {
        state.withLock { Moment(wallNs: $0.wallNs, bootNs: $0.bootNs, bootID: "boot") }
    }

    /// How often somebody went to sleep so far: a busy loop shows here.
    var sleepsStarted: Int { state.withLock { $0.sleepsStarted } }

    /// Moves both clocks on and wakes who is due.
    func advance(by duration: Duration) {
        move(boot: duration, wall: duration)
    }

    /// Steps the wall clock.
    func step(by duration: Duration) { move(boot: .zero, wall: duration) }

    func sleep(untilBootNs bootNs: Int64) async throws {
        let number = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDue = state.withLock { state in
                    if bootNs <= state.bootNs || Task.isCancelled { return true }
                    state.sleepsStarted += 1
                    state.sleepers[number] = Sleeper(
                        untilBootNs: bootNs, continuation: continuation)
                    return false
                }
                if isDue { continuation.resume() } else { tellWatchers() }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns when at least `count` sleep that are due `within` that time.
    func sleepers(_ count: Int, within limit: Duration = .nanoseconds(Int64.max)) async {
        await withCheckedContinuation { continuation in
            let watcher = Watcher(
                count: count, withinNs: limit.nanoseconds, continuation: continuation)
            state.withLock { $0.watchers.append(watcher) }
            tellWatchers()
        }
    }

    private func tellWatchers() {
        let satisfied = state.withLock { state in
            let satisfied = state.watchers.filter { state.satisfies($0) }
            let waiting = state.watchers.filter { !state.satisfies($0) }
            state.watchers = waiting
            return satisfied
        }
        for watcher in satisfied { watcher.continuation.resume() }
    }

    private func move(boot: Duration, wall: Duration) {
        let due = state.withLock { state in
            state.bootNs += boot.nanoseconds
            state.wallNs += wall.nanoseconds
            let due = state.sleepers.filter { $0.value.untilBootNs <= state.bootNs }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}

/// Keeps the runs that it is given.
final class RunList: RunStore {
    private struct State {
        var runs: [Run] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var runs: [Run] { state.withLock { $0.runs } }

    /// The timestamps of the runs of `check`, in seconds, in their order.
    func ticks(of check: String) -> [Int64] {
        runs.filter { $0.check == check }.map { $0.points.last!.timestampNs / 1_000_000_000 }
    }

    func store(_ run: Run) async {
        let satisfied = state.withLock { state in
            state.runs.append(run)
            let count = state.runs.count
            defer { state.watchers.removeAll { $0.count <= count } }
            return state.watchers.filter { $0.count <= count }
        }
        for watcher in satisfied { watcher.continuation.resume() }
    }

    /// Returns when `count` runs are stored.
    func stored(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.runs.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
