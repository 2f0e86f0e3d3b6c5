import Foundation
import TestSupport
import Testing

/// A host that gives the daemon little: descriptors, folders, memory, time; and signals it did not ask
/// for.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct HostLimitTests {
    private var seconds: UInt32 { FaultScale.pick(short: 3, full: 60) }

    @Test func `with 64 descriptors and a crowd at the web server nothing collected is lost`()
        throws
    {
        let port = try LoopbackClient.freePort()
        let host = try FaultedHost(
            .init(
                sections: """
                    [WebServer]
                    webserver: yes
                    webaddress: 127.0.0.1:\(port)
                    """,
                wrapper: { _ in ["/bin/sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"] }))
        try host.start()
        host.waitUntilFlowing()
        var crowd: [LoopbackClient] = []
        for _ in 0..<200 {
            if let client = try? LoopbackClient(port: port) { crowd.append(client) }
        }
        sleep(seconds)
        #expect(host.puypuy.isRunning, "\(host.puypuy.log.suffix(2_000))")
        crowd.removeAll()
        let recovery = host.recovery(within: .seconds(30))
        host.waitUntilDrained()
        try host.prove(
            "64 descriptors, 200 web connections", extent: "\(seconds) s",
            recoverySeconds: recovery, remark: "\(host.vitals.peaks.descriptors) open at most;")
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, "only root may mount"))
    func `with a read-only root and a read-only tmp the spool's folder is all it writes to`()
        throws
    {
        // The daemon's own view of the file systems: only its folder and the scripts' may be written.
        let script = """
            mount --bind /tmp /tmp
            while [ "$1" != -- ]; do mount --bind "$1" "$1"; shift; done; shift
            mount -o remount,bind,ro /tmp && mount -o remount,bind,ro / && exec "$@"
            """
        let host = try FaultedHost(
            .init(
                wrapper: { folders in
                    ["unshare", "--mount", "/bin/sh", "-c", script, "sh"] + folders + ["--"]
                }))
        try host.start()
        host.waitUntilFlowing()
        sleep(seconds)
        let recovery = host.recovery(within: .seconds(10))
        host.waitUntilDrained()
        #expect(!host.puypuy.log.contains("Read-only"), "\(host.puypuy.log)")
        try host.prove(
            "read-only root and /tmp", extent: "\(seconds) s", recoverySeconds: recovery)
    }

    @Test(.enabled(if: MemoryGroup.isPossible, "this process may not make a control group"))
    func `64 MB of memory are enough, whatever is pending`() throws {
        let group = try MemoryGroup(limitBytes: 64 << 20)
        let host = try FaultedHost(
            .init(
                scripts: 6, pointsPerRun: 200,
                wrapper: { _ in
                    ["/bin/sh", "-c", "echo $$ >\(group.processes) && exec \"$@\"", "sh"]
                }))
        try host.proxy.set(.refuses)
        try host.start()
        sleep(seconds)
        try host.proxy.set(.none)
        let recovery = host.recovery(within: .seconds(10))
        host.waitUntilDrained()
        let kills = group.kills
        try host.prove(
            "cgroup of 64 MB, backlog drained", extent: "\(seconds) s", recoverySeconds: recovery,
            remark: "\(group.peakBytes >> 20) MB with scripts and file cache, \(kills) kills;")
        #expect(kills == 0)
    }

    @Test func `stopped and continued it goes on where it was`() throws {
        let host = try FaultedHost()
        try host.start()
        host.waitUntilFlowing()
        kill(host.puypuy.daemonPid, SIGSTOP)
        sleep(seconds)
        kill(host.puypuy.daemonPid, SIGCONT)
        let recovery = host.recovery(within: .seconds(15))
        host.waitUntilDrained()
        try host.prove("SIGSTOP, SIGCONT", extent: "\(seconds) s", recoverySeconds: recovery)
    }

    @Test func `a thousand SIGHUPs change nothing`() throws {
        let count = FaultScale.pick(short: 100, full: 1_000)
        let host = try FaultedHost()
        try host.start()
        host.waitUntilFlowing()
        for _ in 0..<count {
            kill(host.puypuy.daemonPid, SIGHUP)
            usleep(2_000)
        }
        let recovery = host.recovery(within: .seconds(15))
        host.waitUntilDrained()
        try host.prove("SIGHUP", extent: "\(count) times", recoverySeconds: recovery)
    }

    @Test func `a second daemon on the same spool refuses, and names the first`() throws {
        let host = try FaultedHost()
        try host.start()
        host.waitUntilFlowing()
        let second = try host.puypuy.run(["daemon"])
        #expect(second.code != 0)
        #expect(second.errors.contains("\(host.puypuy.daemonPid)"), "\(second.errors)")
        let recovery = host.recovery(within: .seconds(15))
        host.waitUntilDrained()
        try host.prove(
            "two daemons on one spool", extent: "once", recoverySeconds: recovery,
            remark: "exit code \(second.code), names the process id;")
    }
}
