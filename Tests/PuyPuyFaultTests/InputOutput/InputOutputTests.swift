import Glibc
import PuyPuySpool
import TestSupport
import Testing

/// Calls that the kernel refuses.
///
/// strace(1) makes calls of the fault writer fail without doing them, and writes down all others. What
/// the writer said to be durable must be there after a kill -9, and after power cuts at moments of the
/// same record: so a commit whose sync failed can only be said to be durable when a later sync that
/// succeeded covers it, and that by writing it anew, since the model of the disk forgets what a sync
/// failed for.
@Suite(.enabled(if: TracedWriter.isPossible, "strace(1) cannot trace here"), .serialized)
struct InputOutputTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let injection: String
        let durability: Durability
        /// The points that may wait in memory.
        let memoryPoints: Int

        /// The spool is not there before.
        let isNew: Bool

        /// strace counts the calls of each thread: a spool is opened by another than the one that
        /// commits, and making it takes more calls than opening it.
        init(
            _ injection: String, durability: Durability = .full, memoryPoints: Int = 100_000,
            isNew: Bool = false
        ) {
            self.isNew = isNew
            self.injection = injection
            self.durability = durability
            self.memoryPoints = memoryPoints
        }

        var testDescription: String {
            injection + (isNew ? ", new" : "") + (durability == .full ? "" : ", normal")
                + (memoryPoints < 100_000 ? ", \(memoryPoints) points in memory" : "")
        }
    }

    private static let faults: [Fault] =
        FaultScale.pick(
            short: [
                Fault("fdatasync:error=EIO:when=5+7"), Fault("pwrite64:error=ENOSPC:when=60+5"),
            ],
            full: [
                // Of a spool that is being made.
                Fault("fdatasync:error=EIO:when=1", isNew: true),
                Fault("fdatasync:error=EIO:when=5", isNew: true),
                Fault("fdatasync:error=EIO:when=9", isNew: true),
                Fault("fsync:error=EIO:when=1", isNew: true),
                Fault("fsync:error=EIO:when=2", isNew: true),
                Fault("pwrite64:error=EIO:when=1", isNew: true),
                Fault("pwrite64:error=EIO:when=9+7", isNew: true),
                Fault("ftruncate:error=EIO:when=1+2", isNew: true),
                // Of one that is there.
                Fault("fdatasync:error=EIO:when=1"), Fault("fdatasync:error=EIO:when=23"),
                Fault("fdatasync:error=EIO:when=5+7"), Fault("fdatasync:error=EIO:when=6+2"),
                Fault("fdatasync:error=EIO:when=40+"),
                Fault("fdatasync:error=EIO:when=40+", memoryPoints: 500),
                Fault("fdatasync:error=ENOSPC:when=8..60"),
                Fault("fdatasync:error=EINTR:when=7+5"),
                Fault("fdatasync:error=EIO:when=1+2", durability: .normal),
                Fault("fdatasync:error=EIO:when=2+3", durability: .normal),
                Fault("fdatasync:error=EIO:when=3+3", durability: .normal),
                Fault("pwrite64:error=EIO:when=77"), Fault("pwrite64:error=EIO:when=60+7"),
                Fault("pwrite64:error=EIO:when=400+"),
                Fault("pwrite64:error=EIO:when=400+", memoryPoints: 500),
                Fault("pwrite64:error=ENOSPC:when=60+5"),
                Fault("pwrite64:error=ENOSPC:when=400..700"),
                Fault("pwrite64:error=ENOSPC:when=160+5", durability: .normal),
                Fault("pwrite64:error=EINTR:when=3+5"),
                Fault("ftruncate:error=EIO:when=1"), Fault("ftruncate:error=EIO:when=2"),
                Fault("ftruncate:error=ENOSPC:when=1+"), Fault("ftruncate:error=EINTR:when=1+2"),
                Fault("fallocate:error=ENOSPC:when=1+2"),
            ])

    @Test(arguments: faults)
    func `nothing is said to be durable that is not`(fault: Fault) async throws {
        let writer = try TracedWriter(
            [
                "durability=\(fault.durability.rawValue)", "memory_points=\(fault.memoryPoints)",
                "runs=\(FaultScale.pick(short: 120, full: fault.durability == .full ? 300 : 900))",
                "openings=2", "seed=2",
            ], injections: [fault.injection], preparedRuns: fault.isNew ? 0 : 5)
        try writer.waitForEnd()
        let record = try writer.record()
        #expect(record.unknown.isEmpty)
        #expect(record.injected > 0, "nothing was made to fail: \(writer.log.suffix(2_000))")
        var options = writer.options
        options.durability = fault.durability
        let known = WriterReport(
            writer.start.lines
                + record.events.compactMap { if case .said(let line) = $0 { line } else { nil } })
        #expect(known.problem != nil || known.durableCount > 0, "\(writer.log.suffix(2_000))")

        var trial = try PowerCutTrial(options, start: writer.start, seed: 17)
        defer { trial.end() }
        try await trial.run(
            record, cuts: FaultScale.pick(short: 3, full: 8), survivals: Survival.allCases)
        let killed = try await SpoolExamination(of: options, assured: known, known: known)
        let violations = killed.violations.map { "killed: \($0)" } + trial.violations
        #expect(violations.isEmpty, "\(violations.prefix(5)) …")

        var result = FaultResult(
            "I/O error \(fault.testDescription)", extent: "\(record.injected) calls")
        result.collected = Int(killed.books.collected)
        result.lost = killed.lost + trial.lost
        result.doubled = killed.doubled + trial.doubled
        result.remark =
            "\(known.durableCount) runs durable, \(known.buffered) had to wait, \(known.dropped) "
            + "dropped, \(known.left) points left; \(trial.images) power cuts"
        if known.problem != nil { result.remark += "; at last it could not be opened" }
        FaultReport.record(result)
    }

    @Test(arguments: ["fdatasync:error=EIO:when=20..40", "pwrite64:error=ENOSPC:when=900..990"])
    func `a daemon whose disk fails for a while goes on and loses nothing`(
        injection: String
    ) throws {
        var options = FaultedHost.Options()
        options.wrapper = { _ in
            [
                "strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null",
                "-e", "trace=fdatasync,pwrite64", "-e", "inject=" + injection,
            ]
        }
        let host = try FaultedHost(options)
        try host.start()
        for words in ["the spool cannot commit", "the spool commits again"] {
            #expect(
                eventually(within: .seconds(60)) { host.puypuy.log.contains(words) },
                "\(host.puypuy.log.suffix(2_000))")
        }
        let recovery = host.recovery(within: .seconds(30))
        host.waitUntilDrained()
        try host.proveByDatabase(
            "I/O error of the daemon", extent: injection, recoverySeconds: recovery)
    }
}
