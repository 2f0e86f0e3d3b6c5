import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuySpool

/// Damages copies of a realistic spool, lets the daemon's spool open them, collect, send and clean up,
/// salvages what was moved aside, and compares with what was stored.
struct DamageCampaign {
    let source: RealisticSpool
    /// The bytes of `spool.db` and of its log.
    let file: [UInt8]
    let log: [UInt8]
    /// Parts of each batch's payload. Values do not repeat, so each page of a batch has such a part;
    /// the last one has the checksum.
    private let parts: [BatchID: [ArraySlice<UInt8>]]
    /// The parts by their first eight bytes.
    private let places: [UInt64: [(batch: BatchID, part: Int)]]
    /// The pages on which each batch has bytes, found by looking for its parts.
    private var pages: [BatchID: Set<Int>] = [:]

    init(batches: Int = FaultScale.pick(short: 40, full: 200), isKilled: Bool = false) async throws
    {
        source = try await RealisticSpool(batches: batches, isKilled: isKilled)
        file = try readBytes(source.fixture.path)
        log = (try? readBytes(source.fixture.path + "-wal")) ?? []
        var parts: [BatchID: [ArraySlice<UInt8>]] = [:]
        var walk = BatchWalk(try source.fixture.reader().connection)
        try walk.run(1...10_000) { row in
            let payload = row.withBlob(5) { Array($0) }
            parts[row.integer(0)] =
                stride(from: 0, to: payload.count - 24, by: 200)
                .map { payload[$0..<($0 + 24)] } + [payload.suffix(12)]
        }
        self.parts = parts
        var places: [UInt64: [(batch: BatchID, part: Int)]] = [:]
        for (batch, parts) in parts {
            for (index, part) in parts.enumerated() {
                let key = part.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                places[key, default: []].append((batch, index))
            }
        }
        self.places = places
        find(in: file) { batch, _, bytes in
            pages[batch, default: []].formUnion([bytes.lowerBound / 4096, bytes.last! / 4096])
        }
    }

    var pageCount: Int { PuyPuySpoolTests.pageCount(of: file) }

    /// The bytes of the log that hold frames: behind them is room that is kept for more, and what an
    /// older log left there. Its frames have the salts of the header.
    var usedLogBytes: Int {
        let header = 32
        let frame = 24 + 4096
        let salts = log[16..<24]
        let starts = stride(from: header, through: log.count - frame, by: frame)
        return (starts.first { log[($0 + 8)..<($0 + 16)] != salts } ?? log.count)
    }

    /// Batches that have bytes on page `page`, counted from 0.
    func batches(on page: Int) -> Set<BatchID> {
        Set(pages.filter { $0.value.contains(page) }.keys)
    }

    /// Batches of which bytes are missing in `files`, and the newest of the others, whose commit may
    /// be.
    func batchesMissing(in files: [[UInt8]]) -> Set<BatchID> {
        var found: [BatchID: Set<Int>] = [:]
        for file in files {
            find(in: file) { batch, part, _ in found[batch, default: []].insert(part) }
        }
        let whole = parts.filter { $0.value.count == found[$0.key]?.count }.keys
        return Set(parts.keys).subtracting(whole).union([whole.max() ?? 0])
    }

    /// Calls `body` for each part of a batch that is in `file`, with the batch, the part and its bytes.
    private func find(in file: [UInt8], _ body: (BatchID, Int, Range<Int>) -> Void) {
        var key: UInt64 = 0
        for (end, byte) in file.enumerated() {
            key = key << 8 | UInt64(byte)
            guard end >= 7, let candidates = places[key] else { continue }
            for (batch, index) in candidates {
                let part = parts[batch]![index]
                guard file[(end - 7)...].starts(with: part) else { continue }
                body(batch, index, (end - 7)..<(end - 7 + part.count))
            }
        }
    }

    /// A way to damage a page.
    enum Overwriting: String, CaseIterable, Sendable {
        case anotherPage = "another page"
        case zeros
        case random
    }

    /// The file with page `page` damaged. The other page is any, by `seed`.
    func file(damaging page: Int, _ how: Overwriting, seed: UInt64) -> [UInt8] {
        var bytes = file
        var random = SeededGenerator(seed: seed &+ UInt64(page) &* 7919)
        let range = (page * 4096)..<(page * 4096 + 4096)
        switch how {
        case .zeros: bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: 4096))
        case .random:
            for index in range { bytes[index] = UInt8.random(in: 0...255, using: &random) }
        case .anotherPage:
            var other = page
            while other == page { other = Int.random(in: 0..<pageCount, using: &random) }
            bytes.replaceSubrange(range, with: file[(other * 4096)..<(other * 4096 + 4096)])
        }
        return bytes
    }

    /// What became of one damaged copy.
    struct Outcome {
        var wasMovedAside = false
        /// Points of undamaged batches that are nowhere any more, or were not delivered.
        var lostReadable = 0
        /// Points of batches on the damaged page that are gone.
        var lostDamaged = 0
        /// Points that are in the spool twice.
        var doubled = 0
        /// Points that nobody collected.
        var invented = 0
        var lostLetters = 0
        var problems: [String] = []
    }

    /// Starts on a spool of these bytes, and does all that a daemon and its operator do. Batches in
    /// `excused` may be gone.
    func run(
        file: [UInt8], log: [UInt8]? = nil, index: [UInt8]? = nil, excused: Set<BatchID>
    ) async throws -> Outcome {
        var outcome = Outcome()
        let fixture = try SpoolFixture { $0.durability = .full }
        fixture.clock.set(source.fixture.clock.nowNs)
        try writeBytes(file, to: fixture.path)
        if let log { try writeBytes(log, to: fixture.path + "-wal") }
        if let index { try writeBytes(index, to: fixture.path + "-shm") }
        let spool = try await fixture.open(RealisticSpool.backends)
        let probe = PuyPuySpoolTests.run("probe", points: 5, series: 5)
        if await spool.append(probe) != .durable {
            outcome.problems.append("nothing can be committed")
        }
        var delivered: [String: Set<Point>] = [:]
        for _ in 0..<2 {
            for name in ["influx", "carbon"] {
                let sent = try await drain(name, spool, fixture, &outcome)
                delivered[name, default: []].formUnion(sent)
            }
            for aside in asides(fixture) {
                outcome.wasMovedAside = true
                do {
                    _ = try await spool.salvage(aside)
                } catch {
                    // Of a file that was cut so short nothing may be left; it has to say so.
                    let isEmpty = "\(error)".contains("nothing in it is of a spool")
                    guard isEmpty && excused.isSuperset(of: parts.keys) else { throw error }
                }
            }
            fixture.clock.advance(.seconds(1))
        }
        try await compare(delivered, Set(probe.points), spool, fixture, excused, &outcome)
        await cleanUp(spool, fixture, &outcome)
        await spool.close()
        return outcome
    }

    private func asides(_ fixture: SpoolFixture) -> [String] {
        fixture.names().filter {
            $0.contains("damaged") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
        }.map { fixture.directory.path + "/" + $0 }
    }

    /// Sends everything as a sender does, and returns it.
    private func drain(
        _ backend: String, _ spool: Spool, _ fixture: SpoolFixture, _ outcome: inout Outcome
    ) async throws -> Set<Point> {
        var sent: Set<Point> = []
        for step in 0..<1_000 {
            let state = await spool.pendingState(of: backend)
            func read() throws -> (unit: LoadedUnit, points: [Point])? {
                let reader = try fixture.reader()
                let isFresh = state.set.openFirst <= state.lastBatch && step % 4 != 0
                let unit =
                    isFresh
                    ? try reader.newest(of: state.set, maxPoints: 1_000)
                    : try reader.oldest(of: state.set, maxPoints: 1_000)
                return unit.map { unit in
                    (unit, (0..<unit.block.count).map { unit.block.point($0, in: reader) })
                }
            }
            do {
                let found: (unit: LoadedUnit, points: [Point])?
                do { found = try read() } catch let error as SpoolError where error.kind == .damaged
                {
                    found = try read()
                }
                guard let found else { return sent }
                sent.formUnion(found.points)
                _ = try await spool.acknowledge(
                    Acknowledgement(
                        backend: backend, batches: found.unit.batches,
                        damaged: found.unit.damaged.map(\.batch)))
            } catch let error as SpoolError where error.kind == .damaged {
                await spool.reportDamage(error, generation: state.generation)
            } catch {
                outcome.problems.append("sending: \(error)")
                return sent
            }
        }
        outcome.problems.append("sending to \(backend) does not end")
        return sent
    }

    private func compare(
        _ delivered: [String: Set<Point>], _ probe: Set<Point>, _ spool: Spool,
        _ fixture: SpoolFixture, _ excused: Set<BatchID>, _ outcome: inout Outcome
    ) async throws {
        // Whatever the spool itself makes of the file, all that is left in it counts.
        let check = try SpoolFixture()
        let copy = try fixture.afterKill()
        let reread = try await check.open(RealisticSpool.backends)
        _ = try await reread.salvage(copy.path)
        let contents = try SpoolContents(check)
        await reread.close()
        let all = source.points()
        let excusedPoints = Set(excused.flatMap { source.batches[$0] ?? [] })
        var missing = all.subtracting(contents.points)
        for name in ["influx", "carbon"] {
            let owed = source.points(pendingFor: name)
            missing.formUnion(owed.subtracting(delivered[name]!))
            outcome.invented +=
                delivered[name]!.subtracting(source.collected).subtracting(probe).count
        }
        outcome.lostDamaged = missing.intersection(excusedPoints).count
        outcome.lostReadable = missing.subtracting(excusedPoints).count
        outcome.invented += contents.points.subtracting(source.collected).subtracting(probe).count
        outcome.doubled = contents.count - contents.points.count
        outcome.lostLetters = source.letters.subtracting(contents.letters).count
        for books in try fixture.reader().audit() where !books.balances {
            outcome.problems.append("the books of \(books.name) do not balance: \(books)")
        }
        if outcome.wasMovedAside {
            let found = try Verifier(fixture.reader()).run()
            if !found.isSound { outcome.problems.append("the new spool is not sound: \(found)") }
        }
    }

    /// Retention reads all that is left, and comes to an end.
    private func cleanUp(
        _ spool: Spool, _ fixture: SpoolFixture, _ outcome: inout Outcome
    ) async {
        fixture.clock.advance(.seconds(25 * 3600))
        for _ in 0..<100 where await !spool.maintain() { return }
        outcome.problems.append("housekeeping does not end")
    }
}
