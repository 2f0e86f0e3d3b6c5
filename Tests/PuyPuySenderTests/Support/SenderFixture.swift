import Glibc
import Logging
import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool
import Synchronization
import TestSupport
import Testing

/// A real spool in a folder of its own, and the senders that drain it.
final class SenderFixture: Sendable {
    let directory: TemporaryDirectory
    let spool: Spool
    let path: String
    /// Kept so that they run until the end of the test.
    private let started = Mutex<[RunningSender]>([])

    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// A spool with these backends; the files of `copied` are copied first.
    init(_ backends: [String] = ["db"], copyOf copied: SenderFixture? = nil) async throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/spool.db"
        if let copied { try copyDatabase(copied.path, to: path) }
        var options = SpoolOptions(path: path)
        options.minFreeBytes = 0
        options.durability = .normal
        spool = try Spool(options, logger: SenderFixture.logger)
        try await spool.configure(backends.map { SpoolBackend(name: $0, type: "InfluxDB") })
    }

    /// Commits `points` as one run: one batch, as long as they are at most 10,000.
    func append(_ points: [Point]) async {
        #expect(await spool.append(Run(check: "test", startedNs: 0, points: points)) == .durable)
    }

    /// Commits `points` in batches of `size`.
    func append(_ points: [Point], batchesOf size: Int) async {
        for start in stride(from: 0, to: points.count, by: size) {
            await append(Array(points[start..<min(start + size, points.count)]))
        }
    }

    /// A sender for the backend `name`, which runs until ``RunningSender/stop()``.
    @discardableResult
    func start(
        _ url: String, name: String = "db",
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) async -> RunningSender {
        await start(SenderFixture.configuration(url, name: name, change))
    }

    /// A sender as `configuration` says, which runs until ``RunningSender/stop()``.
    @discardableResult
    func start(_ configuration: BackendConfiguration) async -> RunningSender {
        let (sender, interrupt) = makeSender(configuration)
        await spool.subscribe { sender.wake() }
        let running = RunningSender(sender, interrupt)
        started.withLock { $0.append(running) }
        return running
    }

    /// A sender that nobody runs yet.
    func makeSender(
        _ url: String, name: String = "db",
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) -> (Sender, Interrupt) {
        makeSender(SenderFixture.configuration(url, name: name, change))
    }

    private func makeSender(_ configuration: BackendConfiguration) -> (Sender, Interrupt) {
        let interrupt = Interrupt()
        let name = configuration.name
        let sender = Sender(
            name: name, policy: SenderFixture.policy(configuration),
            logger: SenderFixture.logger,
            source: { [spool, path] in
                try PendingSource(backend: name, spool: spool, path: path)
            },
            backend: {
                try BackendRegistry.makeBackend(
                    configuration, interrupt: interrupt, version: "test")
            })
        return (sender, interrupt)
    }

    static func configuration(
        _ url: String, name: String = "db", _ change: (inout BackendConfiguration) -> Void
    ) -> BackendConfiguration {
        var configuration = BackendConfiguration(name: name, type: .influxDB)
        configuration.url = url
        configuration.database = "puypuy"
        configuration.reconnectMax = .seconds(1)
        change(&configuration)
        return configuration
    }

    static func policy(_ configuration: BackendConfiguration) -> Delivery.Policy {
        Delivery.Policy(
            maxBatchPoints: configuration.maxBatchPoints,
            maxPointsPerSecond: configuration.maxPointsPerSecond,
            reconnectMax: configuration.reconnectMax,
            oldestFirst: configuration.drainOrder == .oldestFirst)
    }

    /// The books of `backend`, which must balance.
    func books(
        _ backend: String = "db", at location: SourceLocation = #_sourceLocation
    ) throws -> Ledger {
        let summary = try #require(
            try SpoolReader(path: path).audit().first { $0.name == backend })
        #expect(summary.balances, "\(summary)", sourceLocation: location)
        return summary.ledger
    }

    /// Whether nothing is pending for `backend` within `deadline`.
    func drains(_ backend: String = "db", within deadline: Duration = .seconds(60)) async -> Bool {
        await soon(within: deadline) {
            let state = await spool.pendingState(of: backend)
            return state.set.backlog.isEmpty && state.set.openFirst > state.lastBatch
        }
    }

    func deadLetters() throws -> [DeadLetter] {
        try SpoolReader(path: path).deadLetters(limit: 100_000)
    }

    /// Overwrites the first place in the closed or idle spool's file that holds `bytes`.
    func damage(_ bytes: some Sequence<UInt8>, everywhere: Bool = false) throws -> Int {
        let content = try readBytes(path)
        let file = open(path, O_WRONLY)
        defer { close(file) }
        let wanted = Array(bytes)
        var found = 0
        var position = 0
        while let place = content[position...].firstRange(of: wanted) {
            let garbage = [UInt8](repeating: 0xA5, count: wanted.count)
            pwrite(file, garbage, garbage.count, off_t(place.lowerBound))
            found += 1
            position = place.upperBound
            if !everywhere { break }
        }
        return found
    }

    /// Overwrites every page of the file but the first that holds `bytes`; says how many.
    func damagePages(with bytes: some Sequence<UInt8>) -> Int {
        let file = open(path, O_RDWR)
        defer { close(file) }
        let wanted = Array(bytes)
        var page = [UInt8](repeating: 0, count: 4096)
        var offset: off_t = 4096
        var found = 0
        while pread(file, &page, page.count, offset) == page.count {
            if page.firstRange(of: wanted) != nil {
                let garbage = [UInt8](repeating: 0xA5, count: page.count)
                pwrite(file, garbage, garbage.count, offset)
                found += 1
            }
            offset += off_t(page.count)
        }
        return found
    }
}

/// A sender at work; it ends with the object at the latest.
final class RunningSender: Sendable {
    let sender: Sender
    let interrupt: Interrupt
    private let task: Task<Void, any Error>

    init(_ sender: Sender, _ interrupt: Interrupt, untilIdle: Bool = false) {
        self.sender = sender
        self.interrupt = interrupt
        task = Task { try await sender.run(untilIdle: untilIdle) }
    }

    deinit {
        interrupt.raise()
        task.cancel()
    }

    var status: SenderStatus { sender.board.current }

    /// Why requests fail; `nil` while they are accepted.
    var reason: String? { status.condition.reason }

    /// Ends it as a crash would: nothing further is sent or recorded.
    func stop() async {
        interrupt.raise()
        task.cancel()
        _ = await task.result
    }

    /// Waits until it ends by itself, and throws what ended it.
    func end() async throws { try await task.value }

    /// Whether requests fail for a reason with these words, soon.
    func fails(_ words: String, within deadline: Duration = .seconds(60)) async -> Bool {
        await soon(within: deadline) { reason?.contains(words) == true }
    }
}

/// As `eventually`, without blocking a thread that senders need.
func soon(
    within deadline: Duration = .seconds(60), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + deadline
    while true {
        if try await condition() { return true }
        if ContinuousClock.now >= end { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
}
