import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool

/// Encoding of line protocol, and a whole sender that drains a backlog into a server that costs
/// nothing, with and without gzip. The yardstick is the same server with a prepared body.
enum DrainBenchmark {
    private static let rounds = 5
    private static let seriesCount = 10_000
    private static let ticks = 50

    static func run(in folder: ScratchFolder) async throws -> [Figure] {
        let sink = try NullSink()
        let line = lines()
        var prepared: [Double] = []
        var plain: [(rate: Double, cpu: Double)] = []
        var compressed: [(rate: Double, cpu: Double)] = []
        for round in 0..<rounds {
            let points = Double(seriesCount * ticks)
            prepared.append(
                try points / PreparedBody.seconds(ticks, body: line.body, port: sink.port))
            plain.append(try await drain("plain-\(round)", sink, gzip: false, in: folder))
            compressed.append(try await drain("gzip-\(round)", sink, gzip: true, in: folder))
        }
        let yardstick = ("prepared body", median(prepared))
        return line.figures + [
            Figure("yardstick: a prepared body into the null sink", yardstick.1, "points/s"),
            Figure(
                "drain: line protocol into the null sink", median(plain.map(\.rate)), "points/s",
                [yardstick]),
            Figure("drain: line protocol", median(plain.map(\.cpu)), "CPU-s/million"),
            Figure(
                "drain: line protocol, gzip", median(compressed.map(\.rate)), "points/s",
                [yardstick]),
            Figure("drain: line protocol, gzip", median(compressed.map(\.cpu)), "CPU-s/million"),
        ]
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

    private static func drain(
        _ name: String, _ sink: NullSink, gzip: Bool, in folder: ScratchFolder
    ) async throws -> (rate: Double, cpu: Double) {
        let spool = try await Workload.spool(name, in: folder)
        let series = Workload.series(seriesCount)
        for tick in 0..<ticks { await spool.append(Workload.run("bench", series, tick: tick)) }
        var configuration = BackendConfiguration(name: "bench", type: .influxDB)
        configuration.url = "http://127.0.0.1:\(sink.port)"
        configuration.database = "bench"
        configuration.compresses = gzip
        let sender = Sender(
            name: "bench", policy: Delivery.Policy(), logger: Workload.silence,
            source: { [path = "\(folder.path)/\(name).db"] in
                try PendingSource(backend: "bench", spool: spool, path: path)
            },
            backend: { [configuration] in
                try BackendRegistry.makeBackend(
                    configuration, interrupt: Interrupt(), version: "bench")
            })
        let sinkBefore = sink.cpuSeconds
        let effort = try await Effort.of { try await sender.run(untilIdle: true) }
        let points = seriesCount * ticks
        precondition(sender.board.current.delivered == points, "not all was delivered")
        await spool.close()
        let cpu = effort.cpuSeconds - (sink.cpuSeconds - sinkBefore)
        return (Double(points) / effort.seconds, cpu / Double(points) * 1e6)
    }
}
