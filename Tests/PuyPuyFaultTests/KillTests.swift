import Foundation
import PuyPuySpool
import TestSupport
import Testing

/// kill -9 of the real program at random moments of its life, with a real InfluxDB.
@Suite(.timeLimit(.minutes(30)))
struct KillTests {
    @Test func `kill -9 at random moments loses nothing, doubles nothing, and the books balance`()
        throws
    {
        let trials = FaultScale.pick(short: 12, full: 200)
        let host = try FaultedHost(.init(scripts: 4, pointsPerRun: 50, period: 0.1))
        let seconds = try kill(host, times: trials, seed: 1)
        let recovery = try recover(host)
        try host.prove(
            "kill -9", extent: "\(trials) times in \(seconds) s", recoverySeconds: recovery,
            remark: "books balanced after each;")
    }

    @Test func `kill -9 while delivered batches are deleted loses nothing either`() throws {
        let trials = FaultScale.pick(short: 8, full: 100)
        // Deleted as soon as all is confirmed: after each start, and every ten seconds.
        let host = try FaultedHost(
            .init(
                scripts: 4, pointsPerRun: 50, period: 0.1, selfConfig: "spool_retain_hours: 0"))
        let seconds = try kill(host, times: trials, seed: 3)
        let recovery = try recover(host)
        let left = try Contents(ofSpool: host.spool).count
        #expect(try left < Int(Contents.books(host.spool)?.delivered ?? 0), "nothing was deleted")
        try host.proveByDatabase(
            "kill -9, delivered batches go at once", extent: "\(trials) times in \(seconds) s",
            recoverySeconds: recovery, remark: "books balanced after each; \(left) points left")
    }

    /// Starts and kills so many times, and looks at the books after each. Returns how long that took,
    /// in seconds.
    private func kill(_ host: FaultedHost, times trials: Int, seed: UInt64) throws -> Int {
        var random = SeededGenerator(seed: seed)
        // Kills while the spool is made have a test of their own.
        try host.start()
        host.waitUntilFlowing()
        host.kill()
        let started = ContinuousClock.now
        for trial in 0..<trials {
            try host.start()
            switch trial % 4 {
            case 0:
                // Start-up: locks, migrations, the first commit.
                usleep(UInt32.random(in: 0...120_000, using: &random))
            case 1:
                // Shutdown: the last commits, the checkpoint that empties the log.
                usleep(UInt32.random(in: 200_000...700_000, using: &random))
                Glibc.kill(host.puypuy.daemonPid, SIGTERM)
                usleep(UInt32.random(in: 0...60_000, using: &random))
            case 2:
                // Appends and commits without the server, so that there is something to drain.
                try host.proxy.set(.refuses)
                usleep(UInt32.random(in: 300_000...1_200_000, using: &random))
            default:
                // The drain, its acknowledgements and checkpoints.
                try host.proxy.set(.none)
                usleep(UInt32.random(in: 300_000...1_500_000, using: &random))
            }
            host.kill()
            #expect(try host.puypuy.audit(), "after kill \(trial)")
        }
        return Int((ContinuousClock.now - started) / .seconds(1))
    }

    /// Lets the last daemon drain what is left; returns how long the first fresh point took, in seconds.
    private func recover(_ host: FaultedHost) throws -> Double {
        try host.proxy.set(.none)
        try host.start()
        let recovery = host.recovery(within: .seconds(30))
        host.waitUntilDrained()
        return recovery
    }

    @Test func `kill -9 while the spool is made leaves a spool that works`() throws {
        let trials = FaultScale.pick(short: 10, full: 60)
        var random = SeededGenerator(seed: 2)
        let puypuy = try Installation(
            configuration: """
                [SelfConfig]
                check_period_seconds: 0.1
                hostname: fault.example
                [TSDB]
                tsdtype: Local
                """, checks: ["memory"])
        var kept = 0
        for trial in 0..<trials {
            try? FileManager.default.removeItem(atPath: puypuy.path + "/var")
            try puypuy.start()
            usleep(UInt32.random(in: 0...90_000, using: &random))
            puypuy.kill()
            let before = (try? Contents(ofSpool: puypuy.path + "/var/spool.db"))?.count ?? 0
            try puypuy.start()
            let works = eventually {
                ((try? puypuy.inspect().points) ?? 0) > before
            }
            #expect(works, "trial \(trial): \(puypuy.log.suffix(1_000))")
            #expect(puypuy.stop() == 0)
            #expect(!puypuy.log.contains("damaged"), "\(puypuy.log.suffix(1_000))")
            #expect(try puypuy.audit())
            kept += before
        }
        var result = FaultResult("kill -9 while the spool is made", extent: "\(trials) new spools")
        result.lost = 0
        result.doubled = 0
        result.remark = "\(kept) points committed before the kills, none lost"
        FaultReport.record(result)
    }
}
