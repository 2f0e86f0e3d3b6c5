import Foundation
import TestSupport
import Testing

/// kill -9 of the real program at random moments of its life, with a real InfluxDB.
@Suite(.timeLimit(.minutes(30)))
struct KillTests {
    @Test func `kill -9 at random moments loses nothing, doubles nothing, and the books balance`()
        throws
    {
        let trials = FaultScale.pick(short: 12, full: 200)
        var random = SeededGenerator(seed: 1)
        // Small limits, so that checkpoints, pruning and expiry of history are under way, too.
        let host = try FaultedHost(.init(scripts: 4, pointsPerRun: 50, period: 0.1))
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
            let isMade = FileManager.default.fileExists(atPath: host.spool)
            #expect(try !isMade || host.puypuy.audit(), "after kill \(trial)")
        }
        let seconds = Int((ContinuousClock.now - started) / .seconds(1))
        try host.proxy.set(.none)
        try host.start()
        let recovery = host.recovery(within: .seconds(30))
        host.waitUntilDrained()
        try host.prove(
            "kill -9", extent: "\(trials) times in \(seconds) s", recoverySeconds: recovery,
            remark: "books balanced after each;")
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
