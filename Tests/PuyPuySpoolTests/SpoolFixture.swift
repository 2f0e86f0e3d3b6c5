import Logging
import PuyPuyCore
import PuyPuySpool
import Synchronization
import TestSupport
import Testing

/// A spool in a folder of its own, with a clock that the test sets.
final class SpoolFixture: Sendable {
    let directory: TemporaryDirectory
    let clock = TestClock()
    /// What the file system claims to have left.
    let freeBytes = Mutex<Int64?>(nil)
    let options: SpoolOptions

    init(_ change: (inout SpoolOptions) -> Void = { _ in }) throws {
        directory = try TemporaryDirectory()
        var options = SpoolOptions(path: directory.path + "/spool.db")
        options.minFreeBytes = 0
        // The model and property tests make thousands of commits; what a power cut does is not
        // theirs to show.
        options.durability = .normal
        change(&options)
        self.options = options
    }

    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    var path: String { options.path }

    /// The names in the spool's folder.
    func names() -> [String] { TestSupport.names(inDirectory: directory.path) }

    func open(_ backends: [SpoolBackend] = [SpoolBackend(name: "db", type: "test")]) async throws
        -> Spool
    {
        let clock = clock
        let spool = try Spool(
            options, logger: SpoolFixture.logger, wallNs: { clock.nowNs },
            freeBytes: { [self] in freeBytes.withLock { $0 } })
        try await spool.configure(backends)
        return spool
    }

    func reader() throws -> SpoolReader { try SpoolReader(path: path) }

    /// The books of `backend`, by a reader.
    func books(_ backend: String = "db") throws -> BackendSummary {
        try #require(try reader().audit().first { $0.name == backend })
    }

    /// The files as a kill -9 leaves them at this moment, in a fixture of their own.
    func afterKill(
        _ change: (inout SpoolOptions) -> Void = { _ in }
    ) throws -> SpoolFixture {
        let options = options
        let copy = try SpoolFixture { copy in
            let path = copy.path
            copy = options
            copy.path = path
            change(&copy)
        }
        copy.clock.set(clock.nowNs)
        try copyDatabase(path, to: copy.path)
        return copy
    }
}

/// A wall clock that stands still until it is told.
final class TestClock: Sendable {
    private let now = Mutex<Int64>(1_763_900_000_000_000_000)

    var nowNs: Int64 { now.withLock { $0 } }
    func set(_ ns: Int64) { now.withLock { $0 = ns } }
    func advance(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        now.withLock { $0 += seconds * 1_000_000_000 + attoseconds / 1_000_000_000 }
    }
}

/// A run of `check` with `points` points, at `seconds`.
func run(_ check: String = "test", points: Int, at seconds: Int64 = 0, series: Int = 50) -> Run {
    Run(
        check: check, startedNs: seconds * 1_000_000_000,
        points: (0..<points).map { index in
            Point(
                series: Series(metric: "m\(index % series)", tags: ["check": check]),
                timestampNs: (seconds * 1_000 + Int64(index / series)) * 1_000_000,
                value: .double(Double(index) / 4))
        })
}

/// The pages of the spool with these bytes. The file itself is longer: it grows in steps.
func pageCount(of file: [UInt8]) -> Int {
    // https://www.sqlite.org/fileformat2.html#the_database_header
    file[28..<32].reduce(0) { $0 << 8 | Int($1) }
}
