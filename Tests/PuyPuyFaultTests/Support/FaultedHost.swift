import Foundation
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

/// A host of the campaign: the real program with a real InfluxDB behind a fault proxy, and scripts
/// that number their runs, so that every point can be told from every other.
///
/// A script hands out a number with each of its runs, ever larger by one, and prints it under
/// ``pointsPerRun`` names. The number is written to a file before it is printed, so that nothing that
/// happens to the daemon brings one back.
final class FaultedHost {
    /// What a host is made of.
    struct Options {
        /// The scripts, each with a number of its own.
        var scripts = 3
        /// The points of a run of a script.
        var pointsPerRun = 20
        /// The period of all checks, in seconds.
        var period = 0.2
        /// Built-in checks that run too.
        var checks = ["cpustats", "memory"]
        /// Lines for `[SelfConfig]`.
        var selfConfig = ""
        /// Lines for the backend.
        var backend = ""
        /// The backend's host in the configuration.
        var address = "127.0.0.1"
        /// A second destination: VictoriaMetrics, by remote write, behind a proxy of its own.
        var hasVictoria = false
        /// More sections.
        var sections = ""
        /// The command that the daemon is started with, given the folders that the daemon and the
        /// scripts write to: the daemon's own command line follows.
        var wrapper: (_ folders: [String]) -> [String] = { _ in [] }
    }

    let options: Options
    let server: InfluxServer
    let proxy: FaultProxy
    let victoria: VictoriaMetricsServer?
    let victoriaProxy: FaultProxy?
    let puypuy: Installation
    let vitals: Vitals
    /// How often the daemon was ended in the middle of what it did.
    private(set) var kills = 0
    private let numbers: TemporaryDirectory

    var spool: String { puypuy.path + "/var/spool.db" }

    init(_ options: Options = Options()) throws {
        self.options = options
        server = try InfluxServer.started()
        proxy = try FaultProxy(to: server.port)
        victoria = options.hasVictoria ? try VictoriaMetricsServer.started() : nil
        victoriaProxy = try victoria.map { try FaultProxy(to: $0.port) }
        numbers = try TemporaryDirectory("puypuy-numbers")
        var scripts = ["check_truth.sh": FaultedHost.truth]
        for script in 0..<options.scripts {
            scripts["check_numbers\(script).sh"] = FaultedHost.script(
                numbers.path + "/\(script)", name: "fault_\(script)", points: options.pointsPerRun)
        }
        puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: \(options.period)
                hostname: fault.example
                shutdown_seconds: 5
                \(options.selfConfig)
                [TSDB:influx]
                tsdtype: InfluxDB
                address: http://\(options.address):\(proxy.port)
                database: puypuy
                \(options.backend)
                \(options.sections)
                \(victoriaProxy.map(FaultedHost.section) ?? "")
                """, checks: options.checks, scripts: scripts)
        if let release = Installation.releaseProgram { puypuy.program = release }
        puypuy.wrapper = options.wrapper([puypuy.path, numbers.path])
        vitals = Vitals(spool: puypuy.path + "/var/spool.db")
    }

    deinit { vitals.end() }

    private static func section(_ victoria: FaultProxy) -> String {
        """
        [TSDB:victoria]
        tsdtype: PrometheusRemoteWrite
        address: \(victoria.url)
        timeout_seconds: 5
        """
    }

    /// A counter that grows by 1,000 a second, whoever reads it and whatever the clocks say.
    private static let truth = """
        #!/bin/sh
        read -r up _ </proc/uptime
        echo "fault_truth ${up%.*}${up#*.}0 fault rate"
        """

    /// Two files take turns, so that one of them holds a whole number whatever ends the script.
    private static func script(_ file: String, name: String, points: Int) -> String {
        """
        #!/bin/sh
        a=; b=
        [ -r \(file).0 ] && read -r a <\(file).0
        [ -r \(file).1 ] && read -r b <\(file).1
        n=${a:-0}
        [ "${b:-0}" -gt "$n" ] && n=$b
        n=$((n + 1))
        echo $n >\(file).$((n % 2))
        read -r up _ </proc/uptime
        echo "fault_clock $up fault gauge script=\(name)"
        i=0
        while [ $i -lt \(points) ]; do
            echo "\(name)_$i $n fault gauge"
            i=$((i + 1))
        done
        """
    }

    // MARK: The daemon

    func start() throws {
        try puypuy.start()
        vitals.follow(puypuy.daemonPid)
    }

    /// kill -9.
    func kill() {
        puypuy.kill()
        kills += 1
    }

    /// How often a script ran: the number that it gave out last.
    func runs(ofScript script: Int) -> Int {
        [0, 1].map { readText(numbers.path + "/\(script).\($0)").prefix { $0.isNumber } }
            .compactMap { Int($0) }.max() ?? 0
    }

    /// Whether the database has a point of a run of the first script after the one of `number`.
    private func isFresh(after number: Int) -> Bool {
        (try? server.query(
            "SELECT last(\"value\") FROM \"fault_0_0\" WHERE \"value\" > \(number) GROUP BY *"
        ).isEmpty) == false
    }

    /// Waits until points that are collected from now on reach the database, whatever their times.
    func waitUntilFlowing(within deadline: Duration = .seconds(60)) {
        let number = runs(ofScript: 0)
        #expect(
            eventually(within: deadline) { isFresh(after: number) },
            "\(puypuy.log.suffix(2_000))")
    }

    /// Seconds from now until a point that is collected from now on is in the database.
    func recovery(within deadline: Duration) -> Double {
        let start = ContinuousClock.now
        waitUntilFlowing(within: deadline)
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// Waits until at most what a period or two collect is pending.
    func waitUntilDrained(within deadline: Duration = .seconds(120)) {
        let few = 3 * (options.scripts * options.pointsPerRun + 100)
        #expect(
            eventually(within: deadline) {
                usleep(100_000)
                return (try? Contents.books(spool)?.pending ?? .max) ?? .max < few
            }, "\(puypuy.log.suffix(2_000))")
    }

    // MARK: The proof

    /// Ends the daemon as an operator would, and compares what the scripts printed, the spool and the
    /// database, point by point. `history` was in the spool once. `remark` and `recoverySeconds` go into the row.
    @discardableResult
    func prove(
        _ fault: String, history: Contents? = nil, extent: String, recoverySeconds: Double? = nil,
        remark: String = ""
    ) throws -> FaultResult {
        #expect(puypuy.stop() == 0, "\(puypuy.log.suffix(2_000))")
        #expect(try puypuy.audit(), "the books do not balance")
        let books = try #require(try Contents.books(spool))
        var spooled = try Contents(ofSpool: spool)
        if let history { spooled.add(history) }
        let stored = Contents(try server.points())
        var result = FaultResult(fault, extent: extent)
        result.collected = Int(books.collected)
        result.delivered = Int(books.delivered)
        result.dead = Int(books.dead)
        result.expired = Int(books.expired)
        let open = Int(books.pending + books.dead + books.expired)
        #expect(spooled.count == result.collected, "the books and the batches differ")
        let missing = spooled.missing(in: stored)
        result.lost = max(0, missing.count - open)
        let runs = numbersOfRuns(spooled)
        result.doubled = stored.missing(in: spooled).count + runs.repeated
        try proveVictoria(spooled)
        result.recoverySeconds = recoverySeconds
        let peaks = vitals.peaks
        result.peakMemoryBytes = peaks.memoryBytes
        result.peakLogBytes = peaks.logBytes
        result.fileBytes = peaks.fileBytes
        result.remark = remark
        let rates = spooled.values(of: "fault_truth")
        #expect(
            rates.allSatisfy { $0 > 0 && $0 < 10_000 },
            "a counter of 1,000 a second: \(rates.min() ?? 0) … \(rates.max() ?? 0)")
        #expect(result.lost == 0, "\(missing.first ?? "")")
        #expect(result.doubled == 0)
        // A run that a kill cut had no commit yet; nothing else may take one.
        #expect(
            runs.missing <= kills * options.scripts,
            "\(runs.missing) runs are missing after \(kills) kills")
        if runs.missing > 0 { result.remark += " \(runs.missing) runs cut by kills" }
        FaultReport.record(result)
        return result
    }

    /// VictoriaMetrics has every point that the scripts printed, to the millisecond, and none besides.
    private func proveVictoria(_ spooled: Contents) throws {
        guard let victoria else { return }
        let books = try #require(try Contents.books(spool, backend: "victoria"))
        #expect(books.pending == 0 && books.dead == 0 && books.expired == 0)
        let printed = spooled.milliseconds(ofMetricsWith: "fault_0")
        let stored = Contents(try victoria.points()).milliseconds(ofMetricsWith: "fault_0")
        #expect(printed.missing(in: stored).isEmpty)
        #expect(stored.missing(in: printed).isEmpty)
    }

    /// Of all scripts: numbers that are in the spool more than once, and those that are not there.
    private func numbersOfRuns(_ spooled: Contents) -> (repeated: Int, missing: Int) {
        var repeated = 0
        var missing = 0
        for script in 0..<options.scripts {
            let values = spooled.values(of: "fault_\(script)_0")
            repeated += values.count - Set(values).count
            missing += Int(values.max() ?? 0) - Set(values).count
        }
        return (repeated, missing)
    }
}
