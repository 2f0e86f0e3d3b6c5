import Foundation
import Logging
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

/// Many checks at once, and a long backlog that is drained while they run.
@Suite(.serialized, .timeLimit(.minutes(120)))
struct LoadTests {
    private static let wal = 64 << 20

    @Test func `200 checks a second are on time while a backlog drains`() async throws {
        let seconds = FaultScale.pick(short: 5, full: 120)
        let scripts = FaultScale.pick(short: 5, full: 20)
        let builtIn = FaultScale.pick(short: 15, full: 180)
        let backlog = FaultScale.pick(short: 20_000, full: 2_000_000)
        let names = ["cpustats", "memory", "load_average", "network_bytes", "tcpconn"]
        let host = try FaultedHost(
            .init(
                scripts: scripts, pointsPerRun: 5, period: 1,
                checks: (0..<builtIn).map { "\(names[$0 % names.count])@\($0)" }))
        try await Backlog.add(backlog, toSpoolAt: host.spool, backends: ["influx"])
        try host.start()
        host.waitUntilFlowing()
        sleep(UInt32(seconds))
        let late = try lateness(host)
        let points = try #require(try Contents.books(host.spool))
        let recovery = host.recovery(within: .seconds(10))
        host.waitUntilDrained(within: .seconds(600))
        #expect(host.vitals.peaks.logBytes < LoadTests.wal)
        var milliseconds: [String] = []
        for (name, part) in [("median", 0.5), ("p99", 0.99), ("max", 1)] {
            milliseconds.append("\(name) \(late[Int(Double(late.count - 1) * part)] / 1_000_000)")
        }
        try host.prove(
            "\(scripts + builtIn) checks at 1 s, \(backlog) points pending", extent: "\(seconds) s",
            recoverySeconds: recovery,
            remark: "late by ms: \(milliseconds.joined(separator: ", ")) of \(late.count) runs; "
                + "\(points.pending) pending when measured;")
    }

    /// How late each run of a script was, nanoseconds, smallest first: the clock that it read, less its
    /// point's time, less the delay that all runs of a host have.
    private func lateness(_ host: FaultedHost) throws -> [Int64] {
        let spooled = try Contents(ofSpool: host.spool)
        var late: [Int64] = []
        for (series, points) in spooled.series where series.metric == "fault_clock" {
            late += points.map { Int64(Double(bitPattern: $1) * 1e9) - $0 }
        }
        late.sort()
        return late.map { $0 - late[0] }
    }

    @Test func `memory does not depend on what is pending`() async throws {
        let sizes = FaultScale.pick(
            short: [0, 50_000], full: [0, 1_000_000, 10_000_000, 20_000_000])
        var memory: [Int] = []
        for size in sizes {
            let host = try FaultedHost(.init(scripts: 2, period: 1))
            try host.proxy.set(.refuses)
            try await Backlog.add(size, toSpoolAt: host.spool, backends: ["influx"])
            let begun = ContinuousClock.now
            try host.start()
            #expect(
                eventually(within: .seconds(60)) {
                    (try? Contents.books(host.spool)?.collected ?? 0) ?? 0 > size + 20
                }, "\(host.puypuy.log.suffix(2_000))")
            let start = (ContinuousClock.now - begun) / .milliseconds(1)
            sleep(FaultScale.pick(short: 1, full: 10))
            let pending = Vitals.now(pid: host.puypuy.daemonPid, spool: host.spool)
            try host.proxy.set(.none)
            let recovery = host.recovery(within: .seconds(15))
            let drainStart = ContinuousClock.now
            host.waitUntilDrained(within: .seconds(1_800))
            let drained = Double(size) / max(1, (ContinuousClock.now - drainStart) / .seconds(1))
            memory.append(host.vitals.peaks.memoryBytes)
            #expect(host.vitals.peaks.logBytes < LoadTests.wal)
            try proveDrained(
                host, size: size, recovery: recovery,
                remark: String(
                    format: "%.1f MB with all pending; first points after %.0f ms; %.0f points/s",
                    Double(pending.memoryBytes) / 1_048_576, start, drained))
        }
        // The senders' buffers fill with the first points; from then on nothing grows.
        let most = memory.dropFirst().max() ?? 0
        let least = memory.dropFirst().min() ?? 0
        #expect(most - least < 8 << 20, "\(memory)")
    }

    /// Too many points to compare one by one: each series is compared by its sum and its number.
    private func proveDrained(
        _ host: FaultedHost, size: Int, recovery: Double, remark: String
    ) throws {
        if size <= 1_000_000 {
            try host.prove(
                "backlog of \(size) points", extent: "drained", recoverySeconds: recovery,
                remark: remark)
            return
        }
        #expect(host.puypuy.stop() == 0)
        #expect(try host.puypuy.audit())
        let books = try #require(try Contents.books(host.spool))
        let stored = try host.server.query(
            "SELECT count(\"value\") FROM /^backlog_/ GROUP BY *"
        ).values.reduce(0) { $0 + $1.reduce(0) { $0 + Int($1.value) } }
        var result = FaultResult("backlog of \(size) points", extent: "drained")
        result.collected = Int(books.collected)
        result.delivered = Int(books.delivered)
        result.dead = Int(books.dead)
        result.expired = Int(books.expired)
        result.lost = max(0, size - stored)
        result.doubled = max(0, stored - size)
        result.recoverySeconds = recovery
        result.peakMemoryBytes = host.vitals.peaks.memoryBytes
        result.peakLogBytes = host.vitals.peaks.logBytes
        result.fileBytes = host.vitals.peaks.fileBytes
        result.remark = remark
        #expect(stored == size)
        #expect(books.pending == 0 && books.dead == 0 && books.expired == 0)
        FaultReport.record(result)
    }
}

/// Points as if a database had been away for long.
enum Backlog {
    /// Adds so many points, of a thousand series a second apart, to the spool at `path`, pending for
    /// the backends of these names. No daemon may have the spool.
    static func add(_ points: Int, toSpoolAt path: String, backends: [String]) async throws {
        if points == 0 { return }
        var options = SpoolOptions(path: path)
        options.durability = .normal
        let spool = try Spool(options, logger: Logger(label: "backlog"))
        let seriesCount = 1_000
        let series = (0..<seriesCount).map { number in
            Series(
                metric: "backlog_\(number % 50)",
                tags: Tags([("host", "fault.example"), ("number", "\(number)")]))
        }
        let startNs =
            (wallClockNs() / 1_000_000_000 - Int64(points / seriesCount) - 60) * 1_000_000_000
        try await spool.configure(
            backends.map {
                SpoolBackend(name: $0, type: "InfluxDB", keepsPoints: false, backfill: nil)
            })
        var done = 0
        while done < points {
            let numbers = done..<min(done + 10_000, points)
            var run = Run(check: "backlog", startedNs: startNs)
            run.points = numbers.map { number in
                Point(
                    series: series[number % seriesCount],
                    timestampNs: startNs + Int64(number / seriesCount) * 1_000_000_000,
                    value: .double(Double((number &* 7_919) % 100_000) / 100))
            }
            await spool.append(run)
            done = numbers.upperBound
        }
        await spool.close()
    }
}
