import PuyPuyBackends
import PuyPuyCore
import PuyPuySender
import PuyPuySpool

/// What it took senders to take pending points from a spool to servers.
struct Drain {
    /// By the clock on the wall, of all senders together.
    let pointsPerSecond: Double
    /// Of the whole process, less what a sink in it took.
    let cpuSecondsPerMillion: Double

    /// Runs one sender for each of `backends`, which `spool` is configured with, until nothing is
    /// pending, or until each has delivered `sample` points.
    init(
        _ spool: Spool, at path: String, to backends: [BackendConfiguration],
        sink: NullSink? = nil, sample: Int = .max
    ) async throws {
        let senders = backends.map { Drain.sender($0, spool, path) }
        let sinkBefore = sink?.cpuSeconds ?? 0
        let effort = try await Effort.of {
            try await withThrowingTaskGroup { group in
                for sender in senders {
                    group.addTask { try await Drain.run(sender, sample: sample) }
                }
                try await group.waitForAll()
            }
        }
        let delivered = Double(senders.reduce(0) { $0 + $1.board.current.delivered })
        precondition(delivered > 0, "nothing was delivered")
        let cpu = effort.cpuSeconds - ((sink?.cpuSeconds ?? 0) - sinkBefore)
        pointsPerSecond = delivered / effort.seconds
        cpuSecondsPerMillion = cpu / delivered * 1e6
    }

    private static func run(_ sender: Sender, sample: Int) async throws {
        let running = Task { try await sender.run(untilIdle: true) }
        let watch = Task {
            while sample < .max && sender.board.current.delivered < sample {
                try await Task.sleep(for: .milliseconds(5))
            }
            if sample < .max { running.cancel() }
        }
        defer { watch.cancel() }
        try await running.value
    }

    private static func sender(
        _ backend: BackendConfiguration, _ spool: Spool, _ path: String
    ) -> Sender {
        let name = backend.name
        return Sender(
            name: name, policy: Delivery.Policy(), logger: Workload.silence,
            source: { try PendingSource(backend: name, spool: spool, path: path) },
            backend: {
                try BackendRegistry.makeBackend(
                    backend, interrupt: Interrupt(), version: "bench")
            })
    }
}

extension BackendConfiguration {
    /// A backend of `type` at `port` of loopback, without compression.
    init(_ type: BackendType, port: UInt16, name: String = "bench") {
        self.init(name: name, type: type)
        url = "\(type == .carbon ? "tcp" : "http")://127.0.0.1:\(port)"
        database = "bench"
        compresses = false
        takesChunked = type == .openTSDB ? true : nil
    }
}
