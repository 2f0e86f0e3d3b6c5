import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool

/// What the length of a backlog costs: to open its spool and commit a first point, to inspect it, to
/// drain the beginning of it, to replay it; how costs grow with the number of series and of backends.
enum BacklogBenchmark {
    private static let longBacklog = 20_000_000
    private static let sample = 1_000_000

    static func run(in folder: ScratchFolder) async throws -> [Figure] {
        let sink = try NullSink()
        var figures: [Figure] = []
        for points in [100_000, 1_000_000, 10_000_000, longBacklog, 100_000_000] {
            let name = "backlog-\(points)"
            let path = "\(folder.path)/\(name).db"
            let spool = try await Workload.backlog(
                name, in: folder, series: Workload.series(10_000), ticks: points / 10_000)
            await spool.close()
            figures.append(
                Figure("\(grouped(points)) pending: start", try await start(path), "ms"))
            if points == longBacklog {
                figures.append(
                    Figure("\(grouped(points)) retained: inspect", try inspect(path), "ms"))
                figures += try await replay(path, sink)
            }
            let again = try Workload.open(path)
            let drain = try await Drain(
                again, at: path, to: [BackendConfiguration(.influxDB, port: sink.port)],
                sink: sink, sample: sample)
            await again.close()
            figures += drained("\(grouped(points)) pending", drain)
        }
        for count in [1_000, 10_000, 100_000, 1_000_000] {
            figures += try await series(count, sink, in: folder)
        }
        for count in [1, 2, 4, 8] { figures += try await backends(count, sink, in: folder) }
        return figures
    }

    private static func drained(_ what: String, _ drain: Drain) -> [Figure] {
        [
            Figure("\(what): drain", drain.pointsPerSecond, "points/s"),
            Figure("\(what): drain", drain.cpuSecondsPerMillion, "CPU-s/million"),
        ]
    }

    /// From nothing to a first point that is durable, in milliseconds.
    private static func start(_ path: String) async throws -> Double {
        var times: [Double] = []
        for round in 0..<5 {
            let begin = ContinuousClock.now
            let spool = try Workload.open(path)
            try await spool.configure([SpoolBackend(name: "bench", type: "bench")])
            await spool.append(Workload.run("start", Workload.series(1), tick: 100_000 + round))
            times.append(seconds(ContinuousClock.now - begin) * 1_000)
            await spool.close()
        }
        return median(times)
    }

    /// What `puypuy spool inspect` reads, in milliseconds.
    private static func inspect(_ path: String) throws -> Double {
        try medianSeconds { _ = try SpoolReader(path: path).summary() } * 1_000
    }

    private static func replay(_ path: String, _ sink: NullSink) async throws -> [Figure] {
        let progress = HistorySource.Progress()
        var policy = Delivery.Policy()
        policy.oldestFirst = true
        let sender = Sender(
            name: "replay", policy: policy, logger: Workload.silence,
            source: {
                try HistorySource(
                    path: path, selection: .init(fromNs: .min, toNs: .max), progress: progress)
            },
            backend: {
                try BackendRegistry.makeBackend(
                    BackendConfiguration(.influxDB, port: sink.port), interrupt: Interrupt(),
                    version: "bench")
            })
        let before = sink.cpuSeconds
        let effort = try await Effort.of { try await sender.run(untilIdle: true) }
        let points = Double(progress.current.delivered)
        let cpu = effort.cpuSeconds - (sink.cpuSeconds - before)
        return [
            Figure("replay into the null sink", points / effort.seconds, "points/s"),
            Figure("replay into the null sink", cpu / points * 1e6, "CPU-s/million"),
        ]
    }

    /// The same million points, or two million for a million series, of more and more series.
    private static func series(
        _ count: Int, _ sink: NullSink, in folder: ScratchFolder
    ) async throws -> [Figure] {
        let name = "series-\(count)"
        let spool = try await Workload.spool(name, in: folder)
        let series = Workload.series(count)
        let ticks = max(2, sample / count)
        let points = Double(count * ticks)
        let append = await Effort.of {
            for tick in 0..<ticks {
                for run in Workload.runs("bench", series, tick: tick) { await spool.append(run) }
            }
        }
        let drain = try await Drain(
            spool, at: "\(folder.path)/\(name).db",
            to: [BackendConfiguration(.influxDB, port: sink.port)], sink: sink)
        await spool.close()
        let what = "\(grouped(count)) series"
        return [
            Figure("\(what): append", append.cpuSeconds / points * 1e6, "CPU-s/million")
        ] + drained(what, drain)
    }

    private static func backends(
        _ count: Int, _ sink: NullSink, in folder: ScratchFolder
    ) async throws -> [Figure] {
        let name = "backends-\(count)"
        let configurations = (0..<count).map {
            BackendConfiguration(.influxDB, port: sink.port, name: "bench\($0)")
        }
        let spool = try await Workload.spool(
            name, in: folder, backends: configurations.map(\.name))
        let series = Workload.series(10_000)
        for tick in 0..<sample / series.count {
            await spool.append(Workload.run("bench", series, tick: tick))
        }
        let drain = try await Drain(
            spool, at: "\(folder.path)/\(name).db", to: configurations, sink: sink)
        await spool.close()
        return drained(count == 1 ? "1 backend" : "\(count) backends", drain)
    }

    private static func grouped(_ count: Int) -> String { Figure.grouped(Double(count)) }
}
