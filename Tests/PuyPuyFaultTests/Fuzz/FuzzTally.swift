import Synchronization
import TestSupport

/// Counts the cases of all targets, and records one row of the campaign when all are through.
final class FuzzTally: Sendable {
    static let shared = FuzzTally()

    private let counts = Mutex<[String: Int]>([:])

    /// The target has tried its cases.
    func add(_ target: String, cases: Int, slowestNs: UInt64) {
        print("fuzz: \(target): \(cases) cases, the slowest took \(slowestNs / 1_000) µs")
        let all = counts.withLock { counts in
            counts[target] = cases
            return counts.count == FuzzTests.targetNames.count ? counts : nil
        }
        guard let all else { return }
        var result = FaultResult(
            "hostile input", extent: "\(all.values.reduce(0, +)) cases, seed \(Fuzzing.seed)")
        result.lost = 0
        result.remark = all.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            .joined(separator: ", ")
        FaultReport.record(result)
    }
}
