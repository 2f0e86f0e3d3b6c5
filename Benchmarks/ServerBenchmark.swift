import PuyPuyBackends
import PuyPuyCore
import PuyPuySpool
import TestSupport

/// Drains into real servers on this host, started for it, against what the same server takes from bodies
/// that were prepared before: the same points, in the same sizes, one request after the other.
enum ServerBenchmark {
    private static let rounds = 5
    private static let seriesCount = 1_000
    private static let ticks = 500
    private static let ticksPerBody = 10

    static func run(in folder: ScratchFolder) async throws -> [Figure] {
        let influx = try InfluxServer.started(databases: ["bench"])
        var figures = try await measure("influxd", port: influx.port, in: folder)
        influx.stop()
        let victoria = try VictoriaMetricsServer.started()
        figures += try await measure("VictoriaMetrics", port: victoria.port, in: folder)
        return figures
    }

    private static func measure(
        _ server: String, port: UInt16, in folder: ScratchFolder
    ) async throws -> [Figure] {
        let series = Workload.series(seriesCount)
        var prepared: [Double] = []
        var drains: [Drain] = []
        // The first round makes the series, and does not count.
        for round in 0...rounds {
            let bodies = bodies(of: series, firstTick: 2 * round * ticks)
            let seconds = try PreparedBody.seconds(bodies, port: port)
            let name = "\(server)-\(round)"
            let spool = try await Workload.backlog(
                name, in: folder, series: series, ticks: ticks, firstTick: (2 * round + 1) * ticks)
            let drain = try await Drain(
                spool, at: "\(folder.path)/\(name).db",
                to: [BackendConfiguration(.influxDB, port: port)])
            await spool.close()
            if round == 0 { continue }
            prepared.append(Double(seriesCount * ticks) / seconds)
            drains.append(drain)
        }
        let rate = median(drains.map(\.pointsPerSecond))
        return [
            Figure("yardstick: prepared bodies into \(server)", median(prepared), "points/s"),
            Figure(
                "drain: line protocol into \(server)", rate, "points/s",
                [("prepared body", median(prepared))]),
            Figure(
                "drain: line protocol into \(server)", median(drains.map(\.cpuSecondsPerMillion)),
                "CPU-s/million"),
        ]
    }

    private static func bodies(of series: [Series], firstTick: Int) -> [[UInt8]] {
        var encoder = LineText()
        let catalog = Dictionary(
            uniqueKeysWithValues: series.enumerated().map { (SeriesID($0.offset + 1), $0.element) })
        return stride(from: 0, to: ticks, by: ticksPerBody).map { start in
            var block = PointBlock()
            for tick in start..<start + ticksPerBody {
                let points = Workload.run("bench", series, tick: firstTick + tick).points
                for (row, point) in points.enumerated() {
                    block.append(
                        series: SeriesID(row + 1), timestampNs: point.timestampNs,
                        value: point.value)
                }
            }
            return encoder.lines(of: block, catalog: catalog).bytes
        }
    }
}
