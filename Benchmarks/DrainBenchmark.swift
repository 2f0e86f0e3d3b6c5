import PuyPuyBackends
import PuyPuyCore
import PuyPuySpool

/// Encoding of line protocol, and a whole sender that drains a backlog in each backend's format into a
/// server that costs nothing. The yardstick is the same server with a prepared body.
enum DrainBenchmark {
    private static let rounds = 5
    private static let seriesCount = 10_000
    private static let ticks = 200

    /// What is drained: a format, and whether it is compressed.
    private static let ways: [(name: String, type: BackendType, gzip: Bool)] = [
        ("line protocol", .influxDB, false), ("line protocol, gzip", .influxDB, true),
        ("OpenTSDB", .openTSDB, false), ("KairosDB", .kairosDB, false),
        ("remote write", .prometheusRemoteWrite, false), ("Carbon", .carbon, false),
    ]

    static func run(in folder: ScratchFolder) async throws -> [Figure] {
        let sink = try NullSink()
        let line = lines()
        var prepared: [Double] = []
        var drains = [[Drain]](repeating: [], count: ways.count)
        for round in 0..<rounds {
            prepared.append(
                try Double(seriesCount * ticks)
                    / PreparedBody.seconds(
                        Array(repeating: line.body, count: ticks), port: sink.port))
            for (number, way) in ways.enumerated() {
                // What costs more to encode is drained less of.
                let ticks = number < 2 ? ticks : ticks / 10
                let name = "drain-\(number)-\(round)"
                let spool = try await Workload.backlog(
                    name, in: folder, series: Workload.series(seriesCount), ticks: ticks)
                var backend = BackendConfiguration(way.type, port: sink.port)
                backend.compresses = way.gzip
                drains[number].append(
                    try await Drain(
                        spool, at: "\(folder.path)/\(name).db", to: [backend], sink: sink))
                await spool.close()
            }
        }
        let yardstick = ("prepared body", median(prepared))
        let figures = zip(ways, drains).flatMap { way, drains in
            [
                Figure(
                    "drain: \(way.name) into the null sink",
                    median(drains.map(\.pointsPerSecond)), "points/s", [yardstick]),
                Figure(
                    "drain: \(way.name)", median(drains.map(\.cpuSecondsPerMillion)),
                    "CPU-s/million"),
            ]
        }
        return line.figures + [
            Figure("yardstick: a prepared body into the null sink", yardstick.1, "points/s")
        ] + figures
    }

    /// Encodes blocks of 10,000 points of each kind of value; also returns a body of gauges.
    private static func lines() -> (figures: [Figure], body: [UInt8]) {
        let series = Workload.series(seriesCount)
        let catalog = Dictionary(
            uniqueKeysWithValues: series.enumerated().map { (SeriesID($0.offset + 1), $0.element) })
        var figures: [Figure] = []
        var body: [UInt8] = []
        for shape in [Shape.noisy, .counters, .doubles] {
            var block = PointBlock()
            for part in shape.blocks(10, points: 1_000) {
                for row in 0..<part.count {
                    block.append(
                        series: SeriesID(block.count + 1), timestampNs: part.timestampsNs[row],
                        value: part.values[row])
                }
            }
            var encoder = LineText()
            let repetitions = 20
            let elapsed = medianCPUSeconds {
                for _ in 0..<repetitions {
                    let lines = encoder.lines(of: block, catalog: catalog)
                    precondition(lines.left.isEmpty, "a point without a line")
                }
            }
            if shape == .noisy { body = encoder.lines(of: block, catalog: catalog).bytes }
            let rate = Double(block.count * repetitions) / elapsed
            figures.append(Figure("lines, \(shape.rawValue): encode", rate, "points/s"))
        }
        return (figures, body)
    }
}
