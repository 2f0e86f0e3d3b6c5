import PuyPuySpool
import TestSupport
import Testing

/// Power cuts.
///
/// strace(1) writes down, in order, every call of a writer that changes files or syncs them. The
/// record is replayed into a model of a disk that knows of each file what a sync has made certain and
/// what was only asked for. At each cut the model makes images of what a disk may then hold: all that
/// is certain, and of the rest nothing, everything, any part in any order, or single sectors of 512
/// bytes. A spool is opened from each image as the daemon does it, and compared with what the writer
/// had said to be durable.
///
/// This is faithful because the calls are the real program's and the real SQLite's, and because the
/// model keeps no promise that POSIX does not make: not the order of writes, not that a new file's name
/// survives a sync of the file alone, not that a later sync makes up for one that failed. Real file
/// systems keep more of them.
///
/// What it does not model: sectors that change although nobody wrote to them (SQLite calls the
/// opposite "powersafe overwrite" and relies on it), disks that say that they have synced and have not
/// (the negative control below does just that, to show that a loss would be found), and writes
/// through mmap(2): only `-shm` is written so, and after a power cut SQLite makes it anew from the log.
@Suite(.enabled(if: TracedWriter.isPossible, "strace(1) cannot trace here"), .serialized)
struct PowerCutTests {
    private static let cuts = FaultScale.pick(short: 15, full: 100)
    private static let runs = FaultScale.pick(short: 160, full: 800)
    private static let survivals: [Survival] =
        FaultScale.isFull ? Survival.allCases : [.none, .some, .torn]

    private func writer(_ durability: Durability, seed: Int) throws -> TracedWriter {
        let writer = try TracedWriter([
            "durability=\(durability.rawValue)", "runs=\(Self.runs)", "openings=3", "seed=\(seed)",
        ])
        try writer.waitForEnd()
        return writer
    }

    private func options(_ writer: TracedWriter, _ durability: Durability) -> SpoolOptions {
        var options = writer.options
        options.durability = durability
        return options
    }

    @Test(arguments: Durability.allCases)
    func `a power cut takes nothing that was synced, and damages nothing`(
        durability: Durability
    ) async throws {
        let writer = try writer(durability, seed: 7)
        let record = try writer.record()
        #expect(record.unknown.isEmpty, "calls that the model does not know")
        var trial = try PowerCutTrial(options(writer, durability), seed: 11)
        defer { trial.end() }
        try await trial.run(record, cuts: Self.cuts, survivals: Self.survivals)
        #expect(trial.runs == Self.runs / 12 * 12, "\(writer.log.suffix(2_000))")
        #expect(trial.violations.isEmpty, "\(trial.violations.prefix(5)) …")
        var result = FaultResult(
            "power cut, durability: \(durability.rawValue)",
            extent: "\(trial.cuts) cuts, \(trial.images) images")
        result.collected = Int(trial.books.collected)
        result.lost = trial.lost
        result.doubled = trial.doubled
        result.remark =
            durability == .full
            ? "of \(trial.runs) runs" : "at most \(trial.mostUnsynced) runs since the last sync"
        FaultReport.record(result)
    }

    @Test func `a disk that only says that it syncs the log loses runs, and that is found`()
        async throws
    {
        let writer = try writer(.full, seed: 3)
        var trial = try PowerCutTrial(options(writer, .full), lie: .about("-wal"), seed: 5)
        defer { trial.end() }
        try await trial.run(try writer.record(), cuts: 10, survivals: [.none, .some])
        #expect(trial.lost > 0)
        #expect(!trial.violations.isEmpty)
    }
}
