import Logging
import PuyPuyCore
import PuyPuySpool
import TestSupport

/// Opens a spool as the daemon does after a fault, and compares all of it with what the fault writer
/// knew.
struct SpoolExamination {
    /// What must not be; empty when everything is as promised.
    private(set) var violations: [String] = []
    /// Runs that were said to be durable and are not there.
    private(set) var lost = 0
    /// Runs that were said to be durable, though not assured, and are not there.
    private(set) var unassured = 0
    /// Runs of which a point is there twice, and points that nobody made.
    private(set) var doubled = 0
    /// Points in the books, of the first backend.
    private(set) var books = Ledger()

    /// `assured` is what must have survived, `known` all that was said before the fault.
    init(of options: SpoolOptions, assured: WriterReport, known: WriterReport) async throws {
        let folder = ancestor(of: options.path, levels: 1)
        let spool: Spool
        do {
            spool = try Spool(options, logger: SpoolExamination.logger)
            try await spool.configure(
                FaultRun.backends.map { SpoolBackend(name: $0, type: "fault") })
        } catch {
            violations.append("it cannot be opened: \(error)")
            lost = assured.durableCount
            return
        }
        if names(inDirectory: folder).contains(where: { $0.contains(".damaged-") }) {
            violations.append("it was taken for damaged")
        }
        let reader = try SpoolReader(path: options.path)
        let stored = try storedRuns(reader)
        let numbers = try await spool.rateStates().compactMapValues { state -> Int? in
            if case .integer(let number) = state.value { Int(number) } else { nil }
        }
        let writers = Set(known.last.keys).union(assured.last.keys)
        for writer in writers {
            compare(writer, number: numbers["writer-\(writer)"] ?? 0, assured, known)
        }
        for backend in FaultRun.backends {
            let pending = await spool.pendingSet(of: backend)
            compareDelivery(backend, pending, stored, numbers, known)
            for range in assured.acknowledged[backend] ?? []
            where !pending.intersection(range).isEmpty {
                violations.append("\(backend): batches \(range) are pending again")
            }
        }
        try compareBooks(reader, numbers, dropped: known.dropped)
        if await spool.append(FaultRun(writer: 99, sequence: 1).run) != .durable {
            violations.append("it takes no further run")
        }
        for summary in try reader.audit() where !summary.balances {
            violations.append("\(summary.name): the books do not balance: \(summary)")
        }
        await spool.close()
    }

    private static let logger = Logger(label: "fault", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The runs in the retained batches, with the batches they are in.
    private mutating func storedRuns(_ reader: SpoolReader) throws -> [FaultRun: Set<BatchID>] {
        var runs: [FaultRun: Set<BatchID>] = [:]
        var found: [FaultRun: [Bool]] = [:]
        var cursor: BatchID = 0
        while let unit = try reader.history(
            after: cursor, fromNs: .min, toNs: .max, maxPoints: 20_000)
        {
            cursor = unit.batches.upperBound
            for (batch, damage) in unit.damaged {
                violations.append("batch \(batch) is damaged: \(damage)")
            }
            // The points of a run stand together.
            var row = 0
            while row < unit.block.count {
                guard let run = FaultRun.origin(of: unit.block.point(row, in: reader))?.run else {
                    violations.append("nobody made \(unit.block.point(row, in: reader))")
                    doubled += 1
                    row += 1
                    continue
                }
                runs[run, default: []].insert(unit.batch(ofRow: row))
                let end = take(run, from: row, of: unit.block, into: &found[run, default: []])
                row = max(end, row + 1)
            }
        }
        // A run in part is none.
        for (run, points) in found where points.contains(false) { runs[run] = [] }
        return runs
    }

    /// Takes the points of `run` from `row` on; returns the row behind them.
    private mutating func take(
        _ run: FaultRun, from row: Int, of block: PointBlock, into found: inout [Bool]
    ) -> Int {
        if found.isEmpty { found = Array(repeating: false, count: run.pointCount) }
        let series = block.seriesIDs[row]
        let value = Value.integer(Int64(run.sequence))
        var end = row
        while end < block.count, block.seriesIDs[end] == series, block.values[end] == value {
            let index = Int(block.timestampsNs[end] - run.startedNs)
            if !found.indices.contains(index) || found[index] {
                violations.append("point \(index) of \(run) is there twice, or was never made")
                doubled += 1
            } else {
                found[index] = true
            }
            end += 1
        }
        return end
    }

    /// A writer's runs follow each other, so those that are there are the first `number`.
    private mutating func compare(
        _ writer: Int, number: Int, _ assured: WriterReport, _ known: WriterReport
    ) {
        let promised = assured.durable[writer] ?? 0
        if number < promised {
            lost += promised - number
            violations.append("writer \(writer): run \(promised) was durable, \(number) is there")
        }
        unassured += max(0, (known.durable[writer] ?? 0) - max(number, promised))
        // The one behind the last may have been committed, and nothing said of it yet.
        if number > (known.last[writer] ?? 0) + 1 {
            violations.append("writer \(writer): run \(number) was never made")
        }
    }

    /// Every run is in a batch that is pending, unless it was, or may have been, acknowledged.
    private mutating func compareDelivery(
        _ backend: String, _ pending: PendingSet, _ stored: [FaultRun: Set<BatchID>],
        _ numbers: [String: Int], _ known: WriterReport
    ) {
        let delivered = known.delivered[backend] ?? []
        for (key, number) in numbers where number > 0 {
            guard let writer = Int(key.dropFirst("writer-".count)) else { continue }
            for sequence in 1...number {
                let run = FaultRun(writer: writer, sequence: sequence)
                if delivered.contains(run) { continue }
                let batches = stored[run] ?? []
                if batches.isEmpty && known.dropped > 0 { continue }
                if batches.isEmpty || !batches.allSatisfy({ pending.contains($0) }) {
                    lost += 1
                    violations.append("\(backend): \(run) is neither pending nor delivered")
                }
            }
        }
    }

    /// The books, the status of the checks and the rate states tell of the same runs.
    private mutating func compareBooks(
        _ reader: SpoolReader, _ numbers: [String: Int], dropped: Int
    ) throws {
        let summary = try reader.summary()
        var points: Int64 = 0
        for (key, number) in numbers where number > 0 {
            guard let writer = Int(key.dropFirst("writer-".count)) else { continue }
            points += (1...number).reduce(0) {
                $0 + Int64(FaultRun(writer: writer, sequence: $1).pointCount)
            }
            if let check = summary.checks.first(where: { $0.name == key }), check.runs != number,
                dropped == 0
            {
                violations.append("\(key): rate state of run \(number), \(check.runs) runs counted")
            }
        }
        let refused = summary.refusals.reduce(0) { $0 + $1.count }
        for backend in summary.backends {
            if !backend.balances {
                violations.append("\(backend.name): the books do not balance: \(backend)")
            }
            if backend.ledger.collected + refused != points {
                violations.append(
                    "\(backend.name): \(backend.ledger.collected) points collected and \(refused) "
                        + "refused of \(points)")
            }
        }
        books = summary.backends.first?.ledger ?? Ledger()
    }
}
