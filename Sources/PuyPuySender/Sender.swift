public import Logging
public import PuyPuyBackends
public import PuyPuyCore
internal import PuyPuySpool
internal import Synchronization

/// Delivers the units of one source to one backend: the shell around ``Delivery``.
///
/// An actor on a thread of its own, which blocks in the transport and in short reads of the spool.
/// No transaction is open while it waits for the network. Failures are logged when they begin and
/// when they end; in between they are in the status.
public actor Sender {
    /// From so many points on, a request is work for who takes it.
    private static let largeRequest = 1_000
    /// So many requests have to be accepted one after the other before a second one is made beside them.
    private static let requestsBeforeLoan = 6
    /// A request waits so long at most for others that are first.
    private static let longestCourtesy = Duration.milliseconds(250)

    private let name: String
    private let policy: Delivery.Policy
    private let makeSource: @Sendable () throws -> any UnitSource
    private let makeBackend: @Sendable () throws -> any Backend
    private let logger: Logger
    private let othersAreFirst: @Sendable () -> Bool
    private let executor: ThreadExecutor
    private nonisolated let wakeup = Wakeup()
    private nonisolated let finishing = Atomic(false)
    private nonisolated let retrying = Atomic(false)
    private var unit: LoadedUnit?
    private var ahead: Ahead?
    /// Whether the backend has the request for the unit in hand.
    private var isPrepared = false
    private var lastCondition = Delivery.Condition.flowing
    /// Delivers beside this sender, as long as there is a backlog and all goes well.
    private var companion: Companion?
    private var loan: Loan?
    private var acceptedInARow = 0

    /// A unit that was loaded while the one before it was on its way.
    private struct Ahead {
        let pick: Delivery.Pick
        let maxPoints: Int
        let unit: LoadedUnit
    }

    /// Where the sender shows its status.
    public nonisolated let board: SenderBoard

    /// Jobs run on the sender's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// A sender of `name`, which begins with ``run()``. `source` is called on its thread, `backend` there
    /// and on that of its second connection, which has a backend of its own. Large requests wait for
    /// a moment while `othersAreFirst`.
    public init(
        name: String, policy: Delivery.Policy, logger: Logger,
        othersAreFirst: @escaping @Sendable () -> Bool = { false },
        source: @escaping @Sendable () throws -> any UnitSource,
        backend: @escaping @Sendable () throws -> any Backend
    ) {
        self.name = name
        self.policy = policy
        self.logger = logger
        self.othersAreFirst = othersAreFirst
        makeSource = source
        makeBackend = backend
        executor = ThreadExecutor(name: "puypuy-\(name)")
        board = SenderBoard(backend: name)
    }

    /// There may be something to deliver.
    public nonisolated func wake() { wakeup.signal() }

    /// Makes the next attempt at once instead of at its time: somebody says that the backend can work
    /// now. Without effect when nothing is waited for.
    public nonisolated func retryNow() {
        retrying.store(true, ordering: .releasing)
        wakeup.signal()
    }

    /// Asks ``run(untilIdle:)`` to end: it makes one more attempt, goes on while requests are
    /// accepted, and returns when nothing is pending or a request fails.
    public nonisolated func finish() {
        finishing.store(true, ordering: .releasing)
        wakeup.signal()
    }

    /// Delivers until ``finish()``, or until nothing is pending when `untilIdle` is true. Also ends,
    /// throwing, when `untilIdle` is true and the spool cannot be read, or the backend refuses
    /// everything until somebody changes something.
    public func run(untilIdle: Bool = false) async throws {
        while true {
            do {
                return try await deliver(untilIdle: untilIdle)
            } catch {
                // Nobody waits for the end, and the other backends go on: so does this one, later.
                if untilIdle { throw error }
                if finishing.load(ordering: .acquiring) || Task.isCancelled { return }
                forgetUnits()
                await pause("cannot begin to send", error)
            }
        }
    }

    private func deliver(untilIdle: Bool) async throws {
        let source = try makeSource()
        let result: Result<Void, any Error>
        do {
            result = .success(try await deliver(from: source, untilIdle: untilIdle))
        } catch {
            result = .failure(error)
        }
        do {
            while let loan, loan.result == nil, !Task.isCancelled { await wakeup.wait() }
            try await collectLoan(source)
            try await source.conclude()
        } catch {
            logger.error(
                "cannot record what was delivered; it will be sent again",
                metadata: ["cause": "\(error)"])
        }
        try result.get()
    }

    private func deliver(from source: any UnitSource, untilIdle: Bool) async throws {
        var backend = try makeBackend()
        var generation = source.generation
        var delivery = Delivery(policy: policy)
        var lastAttempt = false
        while !Task.isCancelled {
            if retrying.exchange(false, ordering: .acquiring) { delivery.retryNow() }
            if finishing.load(ordering: .acquiring) && !lastAttempt {
                lastAttempt = true
                delivery.retryNow()
            }
            let pending: Delivery.Pending
            do {
                pending = try await source.pending()
            } catch {
                if untilIdle { throw error }
                if lastAttempt { return }
                await pause("cannot read the spool", error)
                continue
            }
            if source.generation != generation {
                // The unit in hand and the backend's memory are of series of the old file.
                forgetUnits()
                delivery.letGo()
                backend = try makeBackend()
                generation = source.generation
            }
            do {
                if try await collectLoan(source) { continue }
            } catch {
                if lastAttempt { return }
                await pause("cannot record what was delivered", error)
                continue
            }
            switch delivery.next(at: .now, pending: pending) {
            case .idle:
                if loan == nil {
                    companion = nil
                    if lastAttempt || untilIdle { return }
                }
                await wakeup.wait()
            case .wait(let until):
                if lastAttempt && delivery.condition.reason != nil { return }
                if untilIdle, case .holding(let reason, let hint, _) = delivery.condition {
                    throw SenderError.held(reason: reason, hint: hint)
                }
                await wakeup.wait(until: until)
            case .load(let pick, let maxPoints):
                let points = try await load(
                    pick, maxPoints: maxPoints, from: source, orThrow: untilIdle)
                delivery.loaded(points: points)
            case .send(let rows):
                if rows.count >= Self.largeRequest {
                    await letOthersGoFirst()
                    lend(beside: rows, to: backend, from: source)
                }
                let attempt = send(rows, of: delivery, to: backend, from: source)
                delivery.finished(attempt, at: .now, random: .random(in: 0...1))
                note(delivery.condition, backend)
            case .acknowledge(let rejections):
                if await settle(rejections, with: source) {
                    delivery.acknowledged()
                } else if lastAttempt {
                    return
                }
            }
        }
    }

    /// Loads a unit; returns its points. One that needs no request is settled at once. A failure is
    /// logged, and tried again some time later, unless somebody waits for the end.
    private func load(
        _ pick: Delivery.Pick, maxPoints: Int, from source: any UnitSource, orThrow: Bool
    ) async throws -> Int {
        do {
            isPrepared = ahead?.pick == pick && ahead?.maxPoints == maxPoints
            defer { ahead = nil }
            let read = isPrepared ? ahead?.unit : try await source.load(pick, maxPoints: maxPoints)
            guard let loaded = read else {
                // Expired since: the next commit brings something.
                await wakeup.wait(until: .now + .seconds(1))
                return 0
            }
            for (batch, damage) in loaded.damaged {
                logger.error(
                    "a batch of the spool is damaged; its points are counted as expired",
                    metadata: ["batch": "\(batch)", "cause": "\(damage)"])
            }
            if loaded.block.count == 0 {
                try await source.settle(loaded, dead: [])
                return 0
            }
            unit = loaded
            return loaded.block.count
        } catch {
            if orThrow { throw error }
            await pause("cannot read the spool", error)
            return 0
        }
    }

    private func send(
        _ rows: [Int], of delivery: borrowing Delivery, to backend: any Backend,
        from source: any UnitSource
    ) -> Attempt {
        guard let unit else { preconditionFailure("nothing is loaded") }
        // A unit that is sent whole for the first time needs no copy.
        let isWhole = rows.elementsEqual(0..<unit.block.count)
        let points = isWhole ? unit.block : unit.block.selecting(rows)
        let start = ContinuousClock.now
        let attempt = backend.deliver(
            points, catalog: source.catalog, isPrepared: isWhole && isPrepared
        ) {
            prepareNext(after: unit, of: delivery, for: backend, from: source)
        }
        isPrepared = false
        // No memory is held through an outage.
        if attempt.outcome.isFailure { ahead = nil }
        acceptedInARow = attempt.outcome.confirms ? acceptedInARow + 1 : 0
        if case .postponed = attempt.outcome { return attempt }
        count(attempt, took: .now - start)
        return attempt
    }

    private func count(_ attempt: Attempt, took: Duration) {
        board.update { status in
            status.requests += 1
            status.requestTime += took
            status.slowestRequest = max(status.slowestRequest, took)
            if attempt.outcome.isFailure { status.failedRequests += 1 }
        }
    }

    /// Has the oldest unit delivered beside the one whose `rows` are about to be sent, when the server
    /// takes whole units of any order and accepts them one after the other.
    private func lend(beside rows: [Int], to backend: any Backend, from source: any UnitSource) {
        guard loan == nil, ahead == nil, acceptedInARow >= Self.requestsBeforeLoan,
            backend.takesAnyOrder,
            policy.maxPointsPerSecond == nil, !policy.oldestFirst,
            let unit, rows.count == unit.block.count,
            // Failures show when its turn has come.
            let spare = try? source.lend(maxPoints: rows.count, beside: unit)
        else { return }
        guard spare.block.count >= Self.largeRequest, spare.damaged.isEmpty else {
            return source.takeBack()
        }
        let loan = Loan(spare)
        let companion =
            self.companion
            ?? Companion(name: name, path: source.path, backend: makeBackend)
        (self.loan, self.companion) = (loan, companion)
        Task { [wakeup] in await companion.deliver(loan) { wakeup.signal() } }
    }

    /// Settles what the companion has delivered; what failed is pending as before, and is tried by
    /// the sender itself. Returns whether there was something to do; throws when it cannot be recorded.
    @discardableResult
    private func collectLoan(_ source: any UnitSource) async throws -> Bool {
        guard let loan, let result = loan.result else { return false }
        guard let attempt = result.attempt, attempt.rows == nil, attempt.outcome.confirms else {
            if let attempt = result.attempt { count(attempt, took: result.took) }
            source.takeBack()
            (self.loan, companion, acceptedInARow) = (nil, nil, 0)
            return true
        }
        var rejections: [Outcome.Rejection] = []
        if case .acceptedExcept(let some) = attempt.outcome { rejections = some }
        try await settle(loan.unit, rejections, with: source)
        count(attempt, took: result.took)
        self.loan = nil
        return true
    }

    private func forgetUnits() {
        unit = nil
        ahead = nil
        (loan, companion) = (nil, nil)
    }

    /// Collection must not be late because the database, which may be on this host, has a backlog to
    /// store; and the drain has to go on where checks start all the time.
    private func letOthersGoFirst() async {
        let end = ContinuousClock.now + Self.longestCourtesy
        while othersAreFirst() && ContinuousClock.now < end
            && !finishing.load(ordering: .acquiring)
        {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// While a request is on its way: reads the next unit, and has its request made.
    private func prepareNext(
        after unit: LoadedUnit, of delivery: borrowing Delivery, for backend: any Backend,
        from source: any UnitSource
    ) {
        guard ahead == nil,
            let next = delivery.lookAhead(pending: source.pending(beside: unit)),
            // Failures show when its turn has come.
            let loaded = try? source.load(next.pick, maxPoints: next.maxPoints, after: unit),
            loaded.block.count > 0
        else { return }
        backend.prepare(loaded.block, catalog: source.catalog)
        ahead = Ahead(pick: next.pick, maxPoints: next.maxPoints, unit: loaded)
    }

    private func settle(
        _ rejections: [Outcome.Rejection], with source: any UnitSource
    ) async -> Bool {
        guard let unit else { preconditionFailure("nothing is loaded") }
        do {
            try await settle(unit, rejections, with: source)
        } catch {
            await pause("cannot record what was delivered", error)
            return false
        }
        self.unit = nil
        return true
    }

    private func settle(
        _ unit: LoadedUnit, _ rejections: [Outcome.Rejection], with source: any UnitSource
    ) async throws {
        let dead = rejections.map { rejection in
            Acknowledgement.DeadPoint(
                batch: unit.batch(ofRow: rejection.row),
                series: unit.block.seriesIDs[rejection.row],
                timestampNs: unit.block.timestampsNs[rejection.row],
                value: unit.block.values[rejection.row], reason: rejection.reason)
        }
        try await source.settle(unit, dead: dead)
        if let first = rejections.first {
            let point = unit.block.point(first.row, in: source.catalog)
            logger.warning(
                "points are refused for good and kept as dead letters",
                metadata: [
                    "points": "\(rejections.count)", "first": "\(point.series)",
                    "reason": "\(first.reason)",
                ])
        }
        board.update { status in
            status.delivered += unit.block.count - dead.count
            status.dead += dead.count
        }
    }

    /// Logs the beginning and the end of a failure, and drops connections that failed.
    private func note(_ condition: Delivery.Condition, _ backend: any Backend) {
        if finishing.load(ordering: .acquiring), condition.reason != nil,
            lastCondition.reason != nil
        {
            // Why requests failed before says more than that the end cuts them.
            backend.disconnect()
            return
        }
        board.update { status in
            status.condition = condition
            if let reason = condition.reason { status.lastFailure = (reason, .now) }
        }
        defer { lastCondition = condition }
        switch condition {
        case .flowing:
            if lastCondition != .flowing { logger.notice("points are accepted again") }
        case .backingOff(let reason, let failures, _):
            backend.disconnect()
            // At the end the interrupt cuts requests: that is no trouble of the backend's.
            guard !finishing.load(ordering: .acquiring) else { return }
            if failures == 1 || !Self.isSame(reason, lastCondition.reason) {
                logger.warning(
                    "requests fail; the points are kept and tried again",
                    metadata: ["reason": "\(reason)"])
            }
        case .holding(let reason, let hint, _):
            logger.error(
                "requests fail until somebody changes something; the points are kept",
                metadata: ["reason": "\(reason)", "hint": "\(hint)"])
        }
    }

    /// Whether two reasons differ in nothing but numbers: `after 0 ms`, `after 1 ms`.
    private static func isSame(_ reason: String, _ other: String?) -> Bool {
        other.map { $0.filter { !$0.isNumber } == reason.filter { !$0.isNumber } } ?? false
    }

    private func pause(_ what: String, _ error: any Error) async {
        logger.error("\(what)", metadata: ["cause": "\(error)"])
        await wakeup.wait(until: .now + .seconds(1))
    }
}

/// Why a sender gave up.
public enum SenderError: Error, Sendable, CustomStringConvertible {
    /// The backend takes nothing until somebody changes something.
    case held(reason: String, hint: String)

    /// One line: what, why, what to do.
    public var description: String {
        switch self {
        case .held(let reason, let hint): "the backend takes nothing: \(reason); \(hint)"
        }
    }
}
