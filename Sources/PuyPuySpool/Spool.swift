public import Logging
public import PuyPuyCore

/// What became of a run that was handed to the spool.
public enum AppendResult: Sendable, Hashable {
    /// Committed: the points survive what ``SpoolOptions/durability`` says.
    case durable
    /// The spool cannot commit at the moment; the run waits in memory and is tried again with every
    /// commit.
    case buffered
    /// The spool cannot commit and memory is full: points were dropped, and counted.
    case dropped
}

/// The durable store between checks and backends: the one writer of `spool.db`.
///
/// An actor on a thread of its own, which owns the only connection that writes or checkpoints, and
/// the lock that keeps other processes from doing so. Appends and acknowledgements that arrive while
/// a commit is under way share the next one; each returns after its commit.
///
/// In one transaction with a run's points go the rate state computed from them, the books of every
/// backend, and the check's status. In one transaction with an acknowledgement go the pending set,
/// the dead letters and the books.
public actor Spool: RunStore {
    var options: SpoolOptions
    let logger: Logger
    let wallNs: @Sendable () -> Int64
    private let executor: ThreadExecutor
    private var lock: SpoolLock?

    var connection: Connection
    var series = SeriesTable()
    var backends = BackendTable()
    var nextBatch: BatchID
    var room: Room

    private(set) var waitingRuns:
        [(run: Run, continuation: CheckedContinuation<AppendResult, Never>)] =
            []
    private var waitingAcknowledgements: [WaitingAcknowledgement] = []
    var buffer = RunBuffer()
    private var timeUntilNoneFollows: @Sendable () -> Duration? = { nil }
    private var longestWait = Duration.zero
    private var waitsSince: ContinuousClock.Instant?
    private var hasCommitted = false
    private var subscribers: [@Sendable () -> Void] = []
    private(set) var isClosed = false
    var configured: [SpoolBackend] = []
    /// Grows whenever a new file replaces a damaged one.
    var generation = 0
    var lastLeftoversNs: Int64 = 0
    /// When readers last kept the write-ahead log from being moved, and when moving it last failed.
    var checkpointDelayedNs: Int64?
    var checkpointFailedNs: Int64?
    /// Why the last commit failed; `nil` after a success.
    public internal(set) var trouble: SpoolError?

    private struct WaitingAcknowledgement {
        let acknowledgement: Acknowledgement
        let continuation: CheckedContinuation<Result<PendingSet, SpoolError>, Never>
    }

    /// Jobs run on the spool's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Opens the spool, or makes one, and takes its lock.
    ///
    /// A damaged file is moved aside and a new spool begun. Throws when another process has the
    /// spool, when it was written by a newer program, or when the file cannot be opened.
    /// `wallNs` tells the time, nanoseconds since the epoch, and `freeBytes` what the file system has
    /// left; both are the system's unless a test says otherwise.
    public init(
        _ options: SpoolOptions, logger: Logger,
        wallNs: (@Sendable () -> Int64)? = nil, freeBytes: (@Sendable () -> Int64?)? = nil
    ) throws(SpoolError) {
        self.options = options
        self.logger = logger
        let clock = wallNs ?? { wallClockNs() }
        self.wallNs = clock
        try SpoolFile.makeFolder(of: options.path)
        lock = try SpoolLock(forSpoolAt: options.path)
        connection = try SpoolFile.open(options, logger: logger, nowNs: clock())
        backends = try BackendTable(connection)
        nextBatch = try SpoolFile.nextBatch(connection)
        room = Room(
            options, freeBytes: freeBytes ?? { PuyPuySpool.freeBytes(at: options.path) })
        executor = ThreadExecutor(name: "puypuy-spool")
        executor.setIdleHook { [weak self] in
            self?.assumeIsolated { $0.commitWhenDue() } ?? nil
        }
    }

    /// Commits `run`. When this returns ``AppendResult/durable``, its points survive.
    @discardableResult
    public func append(_ run: Run) async -> AppendResult {
        await withCheckedContinuation { continuation in
            waitingRuns.append((run, continuation))
        }
    }

    /// Commits `run`; see ``append(_:)``.
    public func store(_ run: Run) async { await append(run) }

    /// Takes batches out of a backend's pending set. When this returns, that is durable.
    ///
    /// Returns the pending set as it is then. Throws when the commit failed; the batches are
    /// pending as before.
    public func acknowledge(_ acknowledgement: Acknowledgement) async throws -> PendingSet {
        let result = await withCheckedContinuation { continuation in
            waitingAcknowledgements.append(
                WaitingAcknowledgement(
                    acknowledgement: acknowledgement, continuation: continuation))
        }
        return try result.get()
    }

    /// What `backend` has not confirmed.
    public func pendingSet(of backend: String) -> PendingSet {
        backends.index(of: backend).map { backends.entries[$0].pending } ?? .closed
    }

    /// The last committed batch; 0 before the first.
    public var lastBatch: BatchID { nextBatch - 1 }

    /// Calls `subscriber` after every commit of points, on the spool's thread: it must not block.
    public func subscribe(_ subscriber: @escaping @Sendable () -> Void) {
        subscribers.append(subscriber)
    }

    /// The rate state of every counter, as it was committed last.
    public func rateStates() throws -> [String: RateState] {
        try RateStateTable(connection: connection).all()
    }

    /// Points that wait in memory because commits fail.
    public var bufferedPoints: Int { buffer.points }

    /// How the spool is doing.
    public func state() -> SpoolState {
        let (fileBytes, logBytes) = SpoolFile.sizes(of: options.path)
        return SpoolState(
            trouble: trouble, bufferedPoints: buffer.points, fileBytes: fileBytes,
            logBytes: logBytes,
            books: Result { () throws(SpoolError) in
                try BackendSummary.all(in: connection, recounting: false)
            })
    }

    /// Commits what waits, checkpoints, closes the file and gives up its lock. Nothing can be
    /// appended afterwards.
    /// Returns how many points could not be committed and are lost, with those that were dropped before
    /// and could not be counted.
    @discardableResult
    public func close() -> Int {
        guard !isClosed else { return 0 }
        commitWaiting()
        // There may be room again for what waits in memory.
        if !buffer.runs.isEmpty { _ = commit(runs: [], []) }
        isClosed = true
        subscribers = []
        do {
            if !connection.isClosed { try connection.checkpoint(.truncate) }
        } catch {
            logger.warning("\(error)")
        }
        connection.close()
        lock = nil
        let lost = buffer.uncommittedPoints
        if lost > 0 {
            logger.error(
                "points in memory could not be committed before the end",
                metadata: ["points": "\(lost)", "cause": "\(trouble?.cause ?? "unknown")"])
        }
        return lost
    }

    /// Lets commits wait as long as more runs are about to end, `longest` at most: `timeUntilNoneFollows`
    /// says for how long that is, and `nil` when none are.
    public func waitForRuns(
        atMost longest: Duration = .milliseconds(100),
        _ timeUntilNoneFollows: @escaping @Sendable () -> Duration?
    ) {
        longestWait = longest
        self.timeUntilNoneFollows = timeUntilNoneFollows
    }

    /// Commits what waits, or returns when to look again. Runs when no job waits, so that what arrived
    /// during the last commit shares this one. Runs that started together share one, too: a sync and a
    /// batch for all of them. Senders are not kept waiting, nor is who has just started the daemon.
    private func commitWhenDue() -> Duration? {
        if hasCommitted, !waitingRuns.isEmpty && waitingAcknowledgements.isEmpty,
            let pause = timeUntilNoneFollows()
        {
            let now = ContinuousClock.now
            let end = (waitsSince ?? now) + longestWait
            waitsSince = waitsSince ?? now
            if now < end { return min(pause, end - now) }
        }
        waitsSince = nil
        commitWaiting()
        return nil
    }

    /// Commits everything that waits.
    private func commitWaiting() {
        guard !waitingRuns.isEmpty || !waitingAcknowledgements.isEmpty else { return }
        let runs = waitingRuns
        let acknowledgements = waitingAcknowledgements
        waitingRuns.removeAll(keepingCapacity: true)
        waitingAcknowledgements.removeAll(keepingCapacity: true)
        guard !isClosed else {
            for waiting in runs { waiting.continuation.resume(returning: .dropped) }
            for waiting in acknowledgements {
                waiting.continuation.resume(returning: .failure(.closed(options.path)))
            }
            return
        }
        let failure = commit(runs: runs.map(\.run), acknowledgements.map(\.acknowledgement))
        let dropped = buffer.takeDroppedFlag()
        for waiting in runs {
            waiting.continuation.resume(
                returning: failure.runs == nil ? .durable : dropped ? .dropped : .buffered)
        }
        for waiting in acknowledgements {
            waiting.continuation.resume(
                returning: failure.acknowledgements.map { .failure($0) }
                    ?? .success(pendingSet(of: waiting.acknowledgement.backend)))
        }
        if failure.runs == nil && !runs.isEmpty {
            hasCommitted = true
            announce()
        }
    }

    /// In the midst of long work: lets others come, and commits what they bring. Nothing is idle before
    /// the work is done.
    func letOthersCommit() async {
        await Task.yield()
        commitWaiting()
    }

    /// Tells the subscribers that there are new batches.
    func announce() {
        for subscriber in subscribers { subscriber() }
    }
}

extension SpoolError {
    static func closed(_ path: String) -> SpoolError {
        SpoolError(operation: "cannot use", subject: path, cause: "the spool is closed")
    }
}
