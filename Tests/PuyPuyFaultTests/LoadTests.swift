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
        let scripts = FaultScale.pick(short: 5, full: 20)
        let builtIn = FaultScale.pick(short: 14, full: 179)
        let backlog = FaultScale.pick(short: 20_000, full: 20_000_000)
        let names = ["cpustats", "memory", "load_average", "network_bytes", "tcpconn"]
        let host = try FaultedHost(
            .init(
                scripts: scripts, pointsPerRun: 5, period: 1,
                checks: ["puypuy"] + (0..<builtIn).map { "\(names[$0 % names.count])@\($0)" }))
        try await Backlog.add(backlog, toSpoolAt: host.spool, backends: ["influx"])
        let begun = ContinuousClock.now
        try host.start()
        host.waitUntilFlowing()
        host.waitUntilDrained(within: .seconds(1_800))
        let seconds = Int((ContinuousClock.now - begun) / .seconds(1))
        let recovery = host.recovery(within: .seconds(10))
        #expect(host.vitals.peaks.logBytes < LoadTests.wal)
        let late = try lateness(host)
        let ownLate = try milliseconds(host.server.points(of: "puypuy_check_late_max_seconds"))
        let lateRuns = try host.server.points(of: "puypuy_late_runs_rate").values
            .reduce(0) { $0 + $1.reduce(0) { $0 + $1.value } }
        let runs = Double(scripts + builtIn + 1) * Double(max(1, seconds))
        try #require(!late.isEmpty && !ownLate.isEmpty)
        #expect(lateRuns / runs < 0.01, "of \(runs) runs \(lateRuns) were late")
        try proveDrained(
            "\(scripts + builtIn + 1) checks at 1 s, \(backlog) points pending", host,
            extent: "drained in \(seconds) s", size: backlog, recovery: recovery,
            remark: String(
                format: "%.2f %% of %.0f runs more than 100 ms late; ", 100 * lateRuns / runs, runs)
                + "the latest run of each second: \(summary(ownLate)); "
                + "scripts' own clocks late by ms: \(summary(late)) of \(late.count) runs")
    }

    /// How late each run of a script was, in milliseconds: the clock that it read, less its point's time,
    /// less the least of the same script's, which is what it takes to start it.
    private func lateness(_ host: FaultedHost) throws -> [Int] {
        try host.server.points(of: "fault_clock").values.flatMap { points in
            let late = points.map { Int($0.value * 1e3) - Int($0.timestampNs / 1_000_000) }
            return late.map { $0 - (late.min() ?? 0) }
        }
    }

    private func milliseconds(_ series: [Series: [StoredPoint]]) -> [Int] {
        series.values.flatMap { $0.map { Int($0.value * 1e3) } }
    }

    private func summary(_ figures: [Int]) -> String {
        let sorted = figures.sorted()
        return [("median", 0.5), ("p99", 0.99), ("max", 1)].map { name, part in
            "\(name) \(sorted[Int(Double(sorted.count - 1) * part)])"
        }.joined(separator: ", ")
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
                "backlog of \(size) points", host, extent: "drained", size: size,
                recovery: recovery,
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
        _ fault: String, _ host: FaultedHost, extent: String, size: Int, recovery: Double,
        remark: String
    ) throws {
        if size <= 1_000_000 {
            try host.prove(
                fault, extent: extent, recoverySeconds: recovery, remark: remark)
            return
        }
        #expect(host.puypuy.stop() == 0)
        #expect(try host.puypuy.audit())
        let books = try #require(try Contents.books(host.spool))
        let stored = try host.server.query(
            "SELECT count(\"value\") FROM /^backlog_/ GROUP BY *"
        ).values.reduce(0) { $0 + $1.reduce(0) { $0 + Int($1.value) } }
        var result = FaultResult(fault, extent: extent)
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
