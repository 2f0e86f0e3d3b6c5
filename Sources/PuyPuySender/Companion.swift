internal import PuyPuyBackends
internal import PuyPuyCore
internal import PuyPuySpool
internal import Synchronization

/// A unit that a companion delivers while its sender goes on.
final class Loan: Sendable {
    /// What came of it.
    struct Result: Sendable {
        /// What became of the points; `nil` when no request could be made.
        var attempt: Attempt?
        /// The time of the request.
        var took: Duration
    }

    /// What is delivered.
    let unit: LoadedUnit
    private let end = Mutex<Result?>(nil)

    init(_ unit: LoadedUnit) { self.unit = unit }

    /// What came of it; `nil` as long as it is under way.
    var result: Result? { end.withLock { $0 } }

    fileprivate func ended(_ result: Result) { end.withLock { $0 = result } }
}

/// A second connection of one sender, with a thread of its own: it makes one request of a whole unit, and
/// says what came of it. What a failure means is for the sender to find out, with a request of its own.
actor Companion {
    private let executor: ThreadExecutor
    private let path: String
    private let makeBackend: @Sendable () throws -> any Backend
    private var tools: (reader: SpoolReader, backend: any Backend)?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// A companion of the sender `name`, which reads the names of series from the spool at `path`.
    init(name: String, path: String, backend: @escaping @Sendable () throws -> any Backend) {
        executor = ThreadExecutor(name: "puypuy-\(name)+")
        self.path = path
        makeBackend = backend
    }

    /// Delivers `loan`, and calls `then` when its result is there.
    func deliver(_ loan: Loan, then: @Sendable () -> Void) {
        let start = ContinuousClock.now
        let attempt = try? attempt(loan.unit)
        loan.ended(Loan.Result(attempt: attempt, took: .now - start))
        then()
    }

    private func attempt(_ unit: LoadedUnit) throws -> Attempt {
        let (reader, backend) =
            try tools ?? (SpoolReader(path: path), makeBackend())
        tools = (reader, backend)
        try reader.learn(unit)
        return backend.deliver(unit.block, catalog: reader)
    }
}
