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

    /// A new spool with one backend, `bench`, and synced commits.
    static func spool(_ name: String, in folder: ScratchFolder) async throws -> Spool {
        var options = SpoolOptions(path: "\(folder.path)/\(name).db")
        options.minFreeBytes = 0
        let spool = try Spool(options, logger: silence)
        try await spool.configure([SpoolBackend(name: "bench", type: "bench")])
        return spool
    }

    static var silence: Logger { Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() } }
}
