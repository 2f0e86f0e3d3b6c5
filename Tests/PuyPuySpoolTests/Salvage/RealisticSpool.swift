import Glibc
import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuySpool

/// A spool as one is found on a host after an outage of some of its databases: batches of several
/// checks, backends that have confirmed different parts of them, dead letters, rate state, free pages.
struct RealisticSpool {
    static let backends = [
        SpoolBackend(name: "influx", type: "InfluxDB"),
        SpoolBackend(name: "carbon", type: "Carbon"),
        SpoolBackend(name: "here", type: "Local", keepsPoints: true),
    ]

    let fixture: SpoolFixture
    /// The points of each batch that the spool holds.
    private(set) var batches: [BatchID: [Point]] = [:]
    /// The batches that are pending, by backend.
    private(set) var pending: [String: Set<BatchID>] = [:]
    private(set) var letters: Set<Point> = []
    /// All points that were ever collected, also those that are gone by now.
    private(set) var collected: Set<Point> = []

    /// Closed and checkpointed, or as a kill leaves it, with its write-ahead log.
    init(batches count: Int = 150, seed: UInt64 = 1, isKilled: Bool = false) async throws {
        let made = try SpoolFixture()
        var random = SeededGenerator(seed: seed)
        let spool = try await made.open(Self.backends)
        for second in 0..<count {
            made.clock.advance(.seconds(10))
            var runs: [Run] = []
            for check in ["cpu", "disk"] {
                runs.append(Self.run(check, at: made.clock.nowNs, second, &random))
            }
            for run in runs {
                await spool.append(run)
                collected.formUnion(run.points)
            }
            if second == count / 4 { await Self.deliver(spool, made, to: count / 4) }
        }
        try await Self.acknowledge(spool, made, count, &random)
        if !isKilled { await spool.close() }
        fixture = try made.afterKill()
        if isKilled { await spool.close() }
        try read()
    }

    /// Two runs of each second: two batches of some hundred points with values that do not repeat.
    private static func run(
        _ check: String, at ns: Int64, _ second: Int, _ random: inout SeededGenerator
    ) -> Run {
        var points: [Point] = []
        for index in 0..<Int.random(in: 20...120, using: &random) {
            let tags: Tags = ["check": check, "device": "d\(index)", "host": "web1.example"]
            points.append(
                Point(
                    series: Series(metric: "\(check)_reads", tags: tags), timestampNs: ns,
                    value: .double(Double.random(in: 0...1, using: &random))))
        }
        return Run(
            check: check, startedNs: ns, points: points,
            rateChanges: (0..<40).map { index in
                RateChange(
                    key: "\(check)/\(index)",
                    state: RateState(
                        value: .integer(Int64(second * index)),
                        moment: Moment(wallNs: ns, bootNs: ns / 2, bootID: bootID())))
            })
    }

    /// Deletes the oldest batches, so that there are free pages with rows that are gone.
    private static func deliver(_ spool: Spool, _ fixture: SpoolFixture, to batch: Int) async {
        for name in ["influx", "carbon"] {
            _ = try? await spool.acknowledge(
                Acknowledgement(backend: name, batches: 1...Int64(batch)))
        }
        let now = fixture.clock.nowNs
        fixture.clock.advance(.seconds(25 * 3600))
        while await spool.maintain() {}
        fixture.clock.set(now)
    }

    /// Influx confirmed parts here and there, with some refusals; carbon has been away.
    private static func acknowledge(
        _ spool: Spool, _ fixture: SpoolFixture, _ count: Int, _ random: inout SeededGenerator
    ) async throws {
        let last = await spool.lastBatch
        for _ in 0..<8 {
            let first = Int64.random(in: Int64(count)...max(Int64(count), last - 8), using: &random)
            let set = await spool.pendingSet(of: "influx")
            guard set.contains(first) else { continue }
            let unit = try fixture.reader().load(first...(first + 5))
            let dead = stride(from: 0, to: unit.block.count, by: 97).map { row in
                Acknowledgement.DeadPoint(
                    batch: unit.batch(ofRow: row), series: unit.block.seriesIDs[row],
                    timestampNs: unit.block.timestampsNs[row], value: unit.block.values[row],
                    reason: "field type conflict, says the server")
            }
            _ = try await spool.acknowledge(
                Acknowledgement(backend: "influx", batches: unit.batches, dead: dead))
        }
    }

    private mutating func read() throws {
        let reader = try fixture.reader()
        let unit = try reader.load(1...BatchID.max)
        for row in 0..<unit.block.count {
            batches[unit.batch(ofRow: row), default: []].append(unit.block.point(row, in: reader))
        }
        for entry in try BackendTable(reader.connection).entries where !entry.keepsPoints {
            pending[entry.name] = Set(batches.keys.filter { entry.pending.contains($0) })
        }
        letters = Set(try reader.deadLetters(limit: 10_000).map(\.point))
    }

    /// The points that are pending for `backend` in `batches`.
    func points(pendingFor backend: String, without lost: Set<BatchID> = []) -> Set<Point> {
        Set(pending[backend]!.subtracting(lost).flatMap { batches[$0]! })
    }

    /// All points.
    func points(without lost: Set<BatchID> = []) -> Set<Point> {
        Set(batches.filter { !lost.contains($0.key) }.values.joined())
    }
}

/// The points of a spool, read as the program reads them.
struct SpoolContents {
    var points: Set<Point> = []
    /// How many there are, doubled ones included.
    var count = 0
    var pending: [String: Set<Point>] = [:]
    var letters: [Point] = []
    var balance = true

    init(_ fixture: SpoolFixture) throws {
        let reader = try fixture.reader()
        let entries = try BackendTable(reader.connection).entries
        let unit = try reader.load(1...BatchID.max)
        for row in 0..<unit.block.count {
            let point = unit.block.point(row, in: reader)
            points.insert(point)
            count += 1
            for entry in entries where entry.pending.contains(unit.batch(ofRow: row)) {
                pending[entry.name, default: []].insert(point)
            }
        }
        letters = try reader.deadLetters(limit: 10_000).map(\.point)
        let verified = try Verifier(reader).run()
        balance = verified.isSound && verified.backends.allSatisfy(\.balances)
    }
}
