import Glibc
import PuyPuyCore
import PuyPuySpool
import TestSupport
import Testing

/// A file system that others fill to the last byte, below the real daemon with a real InfluxDB: a
/// small tmpfs over the folder of the spool. tmpfs gives ENOSPC where others do, and statvfs(3) says
/// so; it has no delayed allocation and no quota.
@Suite(
    .enabled(if: SmallFileSystem.isPossible, "only root may mount a small file system"),
    .serialized, .timeLimit(.minutes(10)))
struct FullDiskTests {
    private static let cycles = FaultScale.pick(short: 2, full: 10)
    /// The daemon leaves a little to others; the default would be more than the file system has.
    private static let settings = "spool_min_free_mb: 2"

    private func host(
        _ selfConfig: String = "", checks: [String] = ["cpustats", "memory"]
    ) throws -> (FaultedHost, SmallFileSystem) {
        var options = FaultedHost.Options()
        options.selfConfig = Self.settings + "\n" + selfConfig
        options.checks = checks
        let host = try FaultedHost(options)
        return (host, try SmallFileSystem(at: host.puypuy.path + "/var", megabytes: 32))
    }

    /// Waits until nothing is committed any more, and for some periods more.
    private func waitUntilFailing(_ host: FaultedHost) {
        var last: Int64 = -1
        #expect(
            eventually {
                let collected = (try? Contents.books(host.spool)?.collected) ?? 0
                defer { last = collected }
                usleep(useconds_t(host.options.period * 5e6))
                return collected == last
            }, "points are committed still")
        #expect(host.puypuy.isRunning)
        #expect(host.puypuy.log.contains("the spool cannot commit; points wait in memory"))
    }

    @Test func `a disk that fills and empties again and again costs nothing`() throws {
        let (host, disk) = try host()
        defer { disk.unmount() }
        try host.start()
        host.waitUntilFlowing()
        var slowest = 0.0
        for _ in 1...Self.cycles {
            disk.fill()
            waitUntilFailing(host)
            #expect(disk.freeBytes == 0)
            disk.free()
            slowest = max(slowest, host.recovery(within: .seconds(20)))
        }
        host.waitUntilDrained()
        try host.proveByDatabase(
            "disk full", extent: "\(Self.cycles) times", recoverySeconds: slowest,
            remark: "slowest recovery; period \(host.options.period) s")
    }

    @Test func `a backlog drains while the disk is full`() throws {
        let (host, disk) = try host()
        defer { disk.unmount() }
        try host.start()
        host.waitUntilFlowing()
        var least = 100
        var slowest = 0.0
        for _ in 1...Self.cycles {
            try host.proxy.set(.refuses)
            #expect(
                eventually(within: .seconds(60)) {
                    usleep(100_000)
                    return (try? Contents.books(host.spool)?.pending ?? 0) ?? 0 > 2_000
                })
            disk.fill()
            waitUntilFailing(host)
            let before = try #require(try Contents.books(host.spool)?.pending)
            try host.proxy.set(.none)
            let drains = eventually {
                usleep(50_000)
                return (try? Contents.books(host.spool)?.pending ?? .max) ?? .max < before / 10
            }
            let after = try #require(try Contents.books(host.spool)?.pending)
            #expect(
                drains, "\(before) were pending, \(after) are: \(host.puypuy.log.suffix(2_000))")
            #expect(disk.freeBytes < 1 << 20)
            least = min(least, Int(100 - after * 100 / before))
            disk.free()
            slowest = max(slowest, host.recovery(within: .seconds(20)))
        }
        host.waitUntilDrained()
        try host.proveByDatabase(
            "disk full while a backlog drains", extent: "\(Self.cycles) times",
            recoverySeconds: slowest,
            remark: "at least \(least)% of the backlog was delivered and booked while full")
    }

    @Test func `what does not fit into memory either is dropped and counted, point by point`()
        throws
    {
        let (host, disk) = try host("memory_buffer_points: 400", checks: [])
        defer { disk.unmount() }
        try host.start()
        host.waitUntilFlowing()
        for _ in 1...Self.cycles {
            disk.fill()
            waitUntilFailing(host)
            usleep(2_000_000)
            disk.free()
            host.waitUntilFlowing()
        }
        host.waitUntilDrained()
        let account = try host.proveByDatabase(
            "disk full and memory full", extent: "\(Self.cycles) times",
            remark: "memory for 400 points; every point that is not there is counted")
        #expect(account.refused > 0)
        #expect(account.made == account.stored + account.refused, "\(account)")
    }

    @Test func `a daemon that starts on a full disk with its spool collects into memory`() throws {
        let (host, disk) = try host()
        defer { disk.unmount() }
        try host.start()
        host.waitUntilFlowing()
        try host.proxy.set(.refuses)
        usleep(2_000_000)
        host.kill()
        disk.fill()
        try host.start()
        usleep(2_000_000)
        #expect(host.puypuy.isRunning, "\(host.puypuy.log.suffix(2_000))")
        try host.proxy.set(.none)
        disk.free()
        let recovery = host.recovery(within: .seconds(20))
        host.waitUntilDrained()
        try host.proveByDatabase("start on a full disk", extent: "once", recoverySeconds: recovery)
    }

    @Test func `a daemon that cannot make its spool says why and ends`() throws {
        let (host, disk) = try host()
        defer { disk.unmount() }
        disk.fill()
        try host.start()
        #expect(eventually { !host.puypuy.isRunning })
        #expect(host.puypuy.stop() == 1)
        #expect(host.puypuy.log.contains("full"), "\(host.puypuy.log)")
        disk.free()
        try host.start()
        host.waitUntilFlowing()
        try host.proveByDatabase(
            "no room to make a spool", extent: "once", remark: "ends with code 1, and why")
    }

    @Test func `a daemon on a read-only file system says why and ends`() throws {
        let (host, disk) = try host()
        defer { disk.unmount() }
        try disk.setReadOnly(true)
        try host.start()
        #expect(eventually { !host.puypuy.isRunning })
        #expect(host.puypuy.stop() == 1)
        #expect(host.puypuy.log.contains("Read-only file system"), "\(host.puypuy.log)")
        try disk.setReadOnly(false)
        try host.start()
        host.waitUntilFlowing()
        try host.proveByDatabase(
            "read-only file system", extent: "once", remark: "ends with code 1, and why")
    }
}
