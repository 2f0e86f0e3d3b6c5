import Logging
import PuyPuyCore
import PuyPuySpool

/// The spool on the disk of a folder, with synced commits: runs of 1,000 points of 2-decimal gauges
/// in, one at a time and eight at once, and the backlog out again, as a sender reads and
/// acknowledges it.
enum SpoolBenchmark {
    private static let pointsPerRun = 1_000

    static func run(in folder: ScratchFolder) async throws -> [Figure] {
        var alone: [Double] = []
        var together: [Double] = []
        var out: [Double] = []
        for round in 0..<5 {
            var options = SpoolOptions(path: "\(folder.path)/spool-\(round).db")
            options.minFreeBytes = 0
            let spool = try Spool(
                options,
                logger: Logger(label: "bench") { _ in
                    SwiftLogNoOpLogHandler()
                })
            try await spool.configure([SpoolBackend(name: "bench", type: "bench")])
            let runs = makeRuns(200)
            let clock = ContinuousClock()
            let one = await clock.measure {
                for run in runs { await spool.append(run) }
            }
            alone.append(seconds(one) / Double(runs.count) * 1000)
            let eight = await clock.measure {
                await withTaskGroup { group in
                    for worker in 0..<8 {
                        group.addTask {
                            for index in stride(from: worker, to: runs.count, by: 8) {
                                await spool.append(runs[index])
                            }
                        }
                    }
                }
            }
            together.append(Double(runs.count * pointsPerRun) / seconds(eight))
            let start = clock.now
            let drained = try await drain(spool, path: options.path)
            out.append(Double(drained) / seconds(clock.now - start))
            precondition(drained == 2 * runs.count * pointsPerRun)
            await spool.close()
        }
        return [
            Figure(
                name: "spool: one append of 1,000 points, synced", value: median(alone),
                unit: "ms"),
            Figure(
                name: "spool: appends by eight at once, synced", value: median(together),
                unit: "points/s"),
            Figure(
                name: "spool: backlog read and acknowledged", value: median(out),
                unit: "points/s"),
        ]
    }

    /// Reads and acknowledges everything that is pending; returns how many points that was.
    private static func drain(_ spool: Spool, path: String) async throws -> Int {
        let reader = try SpoolReader(path: path)
        var pending = await spool.pendingSet(of: "bench")
        var points = 0
        while let unit = try reader.oldest(of: pending, maxPoints: 10_000) {
            points += unit.block.count
            pending = try await spool.acknowledge(
                Acknowledgement(backend: "bench", batches: unit.batches))
        }
        return points
    }

    private static func makeRuns(_ count: Int) -> [Run] {
        let series = (0..<pointsPerRun).map {
            Series(metric: "bench_gauge", tags: ["host": "bench", "number": "\($0)"])
        }
        return Shape.decimals.blocks(count, points: pointsPerRun).map { block in
            Run(
                check: "bench", startedNs: block.timestampsNs[0],
                points: (0..<block.count).map {
                    Point(
                        series: series[$0], timestampNs: block.timestampsNs[$0],
                        value: block.values[$0])
                })
        }
    }
}
