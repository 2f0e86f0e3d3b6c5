import Glibc
import PuyPuyCore
import Synchronization

@testable import PuyPuyChecks

/// A check that does what a test wants.
struct ClosureCheck: Check {
    let body: @Sendable (inout Sample) async throws -> Void

    init(_ body: @escaping @Sendable (inout Sample) async throws -> Void) { self.body = body }

    func collect(into sample: inout Sample) async throws { try await body(&sample) }
}

/// What a test's check throws.
struct Broken: Error, CustomStringConvertible {
    let description = "the sensor is broken"
}

/// Counts from several threads.
final class Counter: Sendable {
    private let count = Mutex(0)
    private let highest = Mutex(0)

    var value: Int { count.withLock { $0 } }
    var peak: Int { highest.withLock { $0 } }

    @discardableResult
    func add(_ change: Int = 1) -> Int {
        let value = count.withLock { count in
            count += change
            return count
        }
        highest.withLock { $0 = max($0, value) }
        return value
    }
}
