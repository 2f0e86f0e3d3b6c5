import PuyPuyCore
import PuyPuySpool
import TestSupport

/// A backend that confirms whatever it is given, now and then: its batches are acknowledged, oldest
/// or newest first.
struct Drain {
    let backend: String
    let spool: Spool
    let reader: SpoolReader
    var random: SeededGenerator

    /// Until the task is cancelled.
    mutating func run() async throws {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(Int.random(in: 1...30, using: &random)))
            try await step()
            if random.next() % 4 == 0 { _ = await spool.maintain() }
        }
    }

    private mutating func step() async throws {
        let pending = await spool.pendingSet(of: backend)
        let limit = Int.random(in: 1...600, using: &random)
        let unit =
            Bool.random(using: &random)
            ? try reader.newest(of: pending, maxPoints: limit)
            : try reader.oldest(of: pending, maxPoints: limit)
        guard let unit else { return }
        var runs: Set<FaultRun> = []
        for row in 0..<unit.block.count {
            if let origin = FaultRun.origin(of: unit.block.point(row, in: reader)) {
                runs.insert(origin.run)
            }
        }
        let batches = "\(backend) \(unit.batches.lowerBound) \(unit.batches.upperBound)"
        let words = runs.map { "\($0.writer):\($0.sequence)" }.joined(separator: " ")
        Report.say("P \(batches) \(words)")
        do {
            _ = try await spool.acknowledge(
                Acknowledgement(backend: backend, batches: unit.batches))
            Report.say("K \(batches)")
        } catch {
            Report.say("F \(batches)")
        }
    }
}
