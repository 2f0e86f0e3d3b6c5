import Foundation
import PuyPuySpool
import TestSupport

/// Cuts the power at moments of a recorded life of the fault writer, and opens what is left.
struct PowerCutTrial {
    private(set) var cuts = 0
    private(set) var images = 0
    /// The runs that were durable at the last cut.
    private(set) var runs = 0
    private(set) var lost = 0
    private(set) var doubled = 0
    /// The most runs that were lost although they had been acknowledged: with `durability: normal`
    /// those since the last sync of the log.
    private(set) var mostUnsynced = 0
    private(set) var violations: [String] = []
    private(set) var books = Ledger()

    private let options: SpoolOptions
    private let start: TracedWriter.Start
    private let lie: DiskModel.Lie?
    /// Where the images are: in memory where that can be, since each of them is synced often.
    private let place: TemporaryDirectory
    private let memory: SmallFileSystem?
    private var random: SeededGenerator

    /// `options` are those of the writer, which began with `start`.
    init(
        _ options: SpoolOptions, start: TracedWriter.Start = .init(), lie: DiskModel.Lie? = nil,
        seed: UInt64
    ) throws {
        place = try TemporaryDirectory("puypuy-cuts")
        memory = try? SmallFileSystem(at: place.path, megabytes: 256)
        self.options = options
        self.start = start
        self.lie = lie
        random = SeededGenerator(seed: seed)
    }

    /// The images go.
    func end() { memory?.unmount() }

    /// Cuts the power at `count` moments of `record`; at each it tries each of `survivals`.
    mutating func run(
        _ record: SystemCallRecord, cuts count: Int, survivals: [Survival] = Survival.allCases
    ) async throws {
        var disk = disk(lie)
        let moments = moments(record, count: count)
        var known = WriterReport(start.lines)
        var assured = known
        for (index, event) in record.events.enumerated() {
            if moments.contains(index) {
                try await cut(
                    disk, index, assured: options.durability == .full ? known : assured, known,
                    survivals)
            }
            if case .said(let line) = event { known.add(line) }
            if case .sync(let descriptor, true) = event,
                disk.path(descriptor)?.hasSuffix("-wal") == true
            {
                assured = known
            }
            disk.apply(event)
        }
        try await cut(
            disk, record.events.count, assured: options.durability == .full ? known : assured,
            known, survivals)
        runs = known.durableCount
    }

    /// Any moment, and as many as there are of what is rare: the beginning, checkpoints, and the
    /// moments just before a sync returns.
    private mutating func moments(_ record: SystemCallRecord, count: Int) -> Set<Int> {
        var disk = disk(nil)
        var syncs: [Int] = []
        var checkpoints: [Int] = []
        for (index, event) in record.events.enumerated() {
            if case .sync = event { syncs.append(index) }
            if disk.path(event.descriptor) == options.path { checkpoints.append(index) }
            disk.apply(event)
        }
        let all = Array(record.events.indices)
        let kinds = [all, syncs, checkpoints, Array(all.prefix(120))].filter { !$0.isEmpty }
        var moments: Set<Int> = []
        for attempt in 0..<(count * 10) where moments.count < count {
            moments.insert(kinds[attempt % kinds.count].randomElement(using: &random)!)
        }
        return moments
    }

    private func disk(_ lie: DiskModel.Lie?) -> DiskModel {
        DiskModel(root: ancestor(of: options.path, levels: 2), files: start.files, lie: lie)
    }

    private mutating func cut(
        _ disk: DiskModel, _ index: Int, assured: WriterReport, _ known: WriterReport,
        _ survivals: [Survival]
    ) async throws {
        cuts += 1
        for survival in survivals {
            images += 1
            let folder = place.path + "/\(images)"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try survival.write(disk, to: folder, random: &random)
            var options = options
            options.path = folder + options.path.dropFirst(disk.root.count)
            let examination = try await SpoolExamination(
                of: options, assured: assured, known: known)
            violations += examination.violations.map {
                "cut at \(index), \(survival.rawValue): \($0)"
            }
            lost += examination.lost
            doubled += examination.doubled
            books = examination.books
            mostUnsynced = max(mostUnsynced, examination.unassured)
        }
    }
}
