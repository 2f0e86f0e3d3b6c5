import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

/// The books of two backends, kept the plain way.
private struct Model {
    var nextBatch: Int64 = 1
    var sizes: [Int64: Int] = [:]
    var pending: [String: Set<Int64>] = ["a": [], "b": []]
    var books: [String: Ledger] = ["a": Ledger(), "b": Ledger()]

    mutating func append(_ points: Int) {
        sizes[nextBatch] = points
        for name in ["a", "b"] {
            pending[name]!.insert(nextBatch)
            books[name]!.collected += Int64(points)
            books[name]!.pending += Int64(points)
        }
        nextBatch += 1
    }

    mutating func settle(_ name: String, _ range: ClosedRange<Int64>, dead: Int) {
        let settled = pending[name]!.filter { range.contains($0) }
        let points = Int64(settled.reduce(0) { $0 + sizes[$1]! })
        pending[name]!.subtract(settled)
        books[name]!.pending -= points
        books[name]!.delivered += points - Int64(dead)
        books[name]!.dead += Int64(dead)
    }

    mutating func expire(before id: Int64) {
        for name in ["a", "b"] {
            let lost = pending[name]!.filter { $0 < id }
            let points = Int64(lost.reduce(0) { $0 + sizes[$1]! })
            pending[name]!.subtract(lost)
            books[name]!.pending -= points
            books[name]!.expired += points
        }
    }
}

struct SpoolModelTests {
    private static let backends = [
        SpoolBackend(name: "a", type: "test"), SpoolBackend(name: "b", type: "test"),
    ]

    /// Any sequence of operations, with crashes in between, leaves the spool and a plain model with
    /// the same books and the same pending points.
    @Test(arguments: 1...12)
    func `the spool and a plain model keep the same books`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var fixture = try SpoolFixture { $0.maxAge = .seconds(1_000) }
        var spool = try await fixture.open(Self.backends)
        var model = Model()
        var committedAt: [Int64: Int64] = [:]
        for step in 0..<150 {
            let backend = Bool.random(using: &random) ? "a" : "b"
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let points = Int.random(in: 1...40, using: &random)
                committedAt[model.nextBatch] = fixture.clock.nowNs
                model.append(points)
                #expect(await spool.append(run(points: points, at: Int64(step))) == .durable)
            case 4..<7:
                let reader = try fixture.reader()
                let set = await spool.pendingSet(of: backend)
                let limit = Int.random(in: 1...200, using: &random)
                let unit =
                    Bool.random(using: &random)
                    ? try reader.newest(of: set, maxPoints: limit)
                    : try reader.oldest(of: set, maxPoints: limit)
                guard let unit else { continue }
                for row in 0..<unit.block.count {
                    #expect(model.pending[backend]!.contains(unit.batch(ofRow: row)))
                }
                let dead = (0..<unit.block.count).filter { _ in random.next() % 50 == 0 }
                model.settle(backend, unit.batches, dead: dead.count)
                _ = try await spool.acknowledge(
                    Acknowledgement(
                        backend: backend, batches: unit.batches,
                        dead: dead.map { row in
                            .init(
                                batch: unit.batch(ofRow: row),
                                series: unit.block.seriesIDs[row],
                                timestampNs: unit.block.timestampsNs[row],
                                value: unit.block.values[row], reason: "seed \(seed)")
                        }))
            case 7:
                fixture.clock.advance(.seconds(Int.random(in: 1...300, using: &random)))
                while await spool.maintain() {}
                let cutoff = fixture.clock.nowNs - 1_000_000_000_000
                let expired = committedAt.filter { $0.value < cutoff }.keys.max() ?? 0
                model.expire(before: expired + 1)
            case 8:
                fixture = try fixture.afterKill()
                spool = try await fixture.open(Self.backends)
            default:
                await spool.close()
                fixture = try fixture.afterKill()
                spool = try await fixture.open(Self.backends)
            }
            let audit = try fixture.reader().audit()
            for summary in audit {
                #expect(summary.balances)
                #expect(summary.ledger == model.books[summary.name]!)
            }
            for name in ["a", "b"] {
                let set = await spool.pendingSet(of: name)
                for id in model.sizes.keys {
                    #expect(set.contains(id) == model.pending[name]!.contains(id))
                }
            }
        }
        let letters = try fixture.reader().deadLetters(limit: 10_000)
        #expect(letters.count == Int(model.books.values.reduce(0) { $0 + $1.dead }))
    }
}
