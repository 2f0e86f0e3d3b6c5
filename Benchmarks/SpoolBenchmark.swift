import PuyPuyCore
import PuyPuySpool

/// The spool on the disk of a folder, with synced commits: points in, in bulk and from a hundred checks,
/// and the backlog out again, as a sender reads and acknowledges it. The yardstick is one row of SQLite
/// for each point.
enum SpoolBenchmark {
    private static let rounds = 5

    /// What appending took.
    private struct Appended {
        let pointsPerSecond: Double
        let commitsPerSecond: Double
        let cpuSecondsPerMillion: Double

        init(points: Int, commits: BatchID, effort: Effort) {
            pointsPerSecond = Double(points) / effort.seconds
            commitsPerSecond = Double(commits) / effort.seconds
            cpuSecondsPerMillion = effort.cpuSeconds / Double(points) * 1e6
        }
    }

    static func run(in folder: ScratchFolder) async throws -> [Figure] {
        var rows: [Double] = []
        var alone: [Double] = []
        var bulk: [Appended] = []
        var checks: [Appended] = []
        var out: [Double] = []
        for round in 0..<rounds {
            rows.append(try Yardsticks.rows(in: folder, round: round))
            let spool = try await Workload.spool("spool-\(round)", in: folder)
            bulk.append(try await appendInBulk(spool))
            alone.append(await appendAlone(spool))
            let start = ContinuousClock.now
            let drained = try await drain(spool, path: "\(folder.path)/spool-\(round).db")
            out.append(Double(drained) / seconds(ContinuousClock.now - start))
            await spool.close()
            let other = try await Workload.spool("checks-\(round)", in: folder)
            checks.append(try await appendFromChecks(other))
            await other.close()
        }
        let row = ("row a point", median(rows))
        return [
            Figure("yardstick: SQLite, one row a point, synced", row.1, "points/s"),
            Figure(
                "spool: append in bulk, synced", median(bulk.map(\.pointsPerSecond)), "points/s",
                [row]),
            Figure(
                "spool: append in bulk", median(bulk.map(\.cpuSecondsPerMillion)), "CPU-s/million"),
            Figure(
                "spool: append, 100 checks of 30 points", median(checks.map(\.pointsPerSecond)),
                "points/s", [row]),
            Figure(
                "spool: append, 100 checks", median(checks.map(\.commitsPerSecond)), "commits/s"),
            Figure(
                "spool: append, 100 checks", median(checks.map(\.cpuSecondsPerMillion)),
                "CPU-s/million"),
            Figure("spool: one append of 1,000 points, synced", median(alone), "ms"),
            Figure("spool: backlog read and acknowledged", median(out), "points/s"),
        ]
    }

    /// Eight tasks, each with runs of 10,000 points of 10,000 series that it holds.
    private static func appendInBulk(_ spool: Spool) async throws -> Appended {
        let tasks = 8
        let runsEach = 25
        let series = Workload.series(10_000)
        let runs = (0..<5).map { Workload.run("bulk", series, tick: $0) }
        for run in runs { await spool.append(run) }
        let before = await spool.lastBatch
        let effort = await Effort.of {
            await withTaskGroup { group in
                for _ in 0..<tasks {
                    group.addTask {
                        for index in 0..<runsEach { await spool.append(runs[index % runs.count]) }
                    }
                }
            }
        }
        return Appended(
            points: tasks * runsEach * series.count, commits: await spool.lastBatch - before,
            effort: effort)
    }

    /// A hundred tasks, each with runs of 30 points, whose series are made anew for each run, as checks
    /// make them. Each awaits its commit before the next run.
    private static func appendFromChecks(_ spool: Spool) async throws -> Appended {
        let checks = 100
        let runsEach = 60
        let runs = (0..<checks).map { check in
            (0..<runsEach).map { tick in
                Workload.run("check\(check)", Workload.series(30, check: check), tick: tick)
            }
        }
        let before = await spool.lastBatch
        let effort = await Effort.of {
            await withTaskGroup { group in
                for check in 0..<checks {
                    group.addTask { for run in runs[check] { await spool.append(run) } }
                }
            }
        }
        // As many batches as commits, since none has more than 10,000 points.
        return Appended(
            points: checks * runsEach * 30, commits: await spool.lastBatch - before,
            effort: effort)
    }

    /// One task with runs of 1,000 points: how long a check waits. Milliseconds.
    private static func appendAlone(_ spool: Spool) async -> Double {
        let series = Workload.series(1_000)
        let runs = (0..<50).map { Workload.run("alone", series, tick: $0) }
        let effort = await Effort.of { for run in runs { await spool.append(run) } }
        return effort.seconds / Double(runs.count) * 1000
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
}
