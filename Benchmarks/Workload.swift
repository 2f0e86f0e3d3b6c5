import Logging
import PuyPuyCore
import PuyPuySpool

/// Series as the checks of a host give them, and runs of their points.
enum Workload {
    /// `count` series with five tags, whose lines have some 130 bytes.
    static func series(_ count: Int, check: Int = 0) -> [Series] {
        (0..<count).map { number in
            Series(
                metric: "bench_metric_\(number % 100)",
                tags: [
                    "host": "web-\(check).example.net", "type": "bench", "cluster": "production",
                    "group": "frontend", "device": "number-\(number)",
                ])
        }
    }

    /// A run of one point for each of `series`.
    static func run(_ check: String, _ series: [Series], tick: Int) -> Run {
        let timestampNs = 1_763_900_000_000_000_000 + Int64(tick) * 10_000_000_000
        return Run(
            check: check, startedNs: timestampNs,
            points: series.indices.map { row in
                Point(
                    series: series[row], timestampNs: timestampNs,
                    value: .double(Double((row * 7_919 + tick * 104_729) % 10_001) / 100))
            })
    }

    /// One point for each of `series`, in runs of at most 10,000 points.
    static func runs(_ check: String, _ series: [Series], tick: Int) -> [Run] {
        stride(from: 0, to: series.count, by: 10_000).map { start in
            run(check, Array(series[start..<min(start + 10_000, series.count)]), tick: tick)
        }
    }

    /// The spool at `path`, with limits that no benchmark reaches.
    static func open(_ path: String, durability: Durability = .full) throws -> Spool {
        var options = SpoolOptions(path: path)
        options.minFreeBytes = 0
        options.maxBytes = 64 << 30
        options.durability = durability
        return try Spool(options, logger: silence)
    }

    /// A new spool with `backends`, and synced commits.
    static func spool(
        _ name: String, in folder: ScratchFolder, backends: [String] = ["bench"]
    ) async throws -> Spool {
        let spool = try open("\(folder.path)/\(name).db")
        try await spool.configure(backends.map { SpoolBackend(name: $0, type: "bench") })
        return spool
    }

    /// A new spool with points of `series` that are pending for `bench`, a batch of up to 10,000 points
    /// for each tick or some.
    static func backlog(
        _ name: String, in folder: ScratchFolder, series: [Series], ticks: Int, firstTick: Int = 0
    ) async throws -> Spool {
        let path = "\(folder.path)/\(name).db"
        let maker = try open(path, durability: .normal)
        try await maker.configure([SpoolBackend(name: "bench", type: "bench")])
        for tick in firstTick..<firstTick + ticks {
            for run in runs("bench", series, tick: tick) { await maker.append(run) }
        }
        await maker.close()
        let spool = try open(path)
        try await spool.configure([SpoolBackend(name: "bench", type: "bench")])
        return spool
    }

    static var silence: Logger { Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() } }
}
