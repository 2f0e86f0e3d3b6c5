import Foundation
import TestSupport
import Testing

/// What goes wrong between a sender and its server, on the real program and a real InfluxDB.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct ServerFaultTests {
    /// A fault of the proxy, as the table has it.
    struct ProxyFault: CustomTestStringConvertible {
        let words: String
        let fault: FaultProxy.Fault
        /// The longest time to the first fresh point after the fault: what the docs promise for it.
        var recovery = Duration.seconds(65)
        var testDescription: String { words }
    }

    private static func answer(_ status: String, _ headers: String = "") -> FaultProxy.Fault {
        .answers("HTTP/1.1 \(status)\r\n\(headers)Content-Length: 0\r\nConnection: close\r\n\r\n")
    }

    static let faults = [
        ProxyFault(words: "down (connections refused)", fault: .refuses, recovery: .seconds(10)),
        ProxyFault(words: "hangs, takes and never answers", fault: .hangs),
        ProxyFault(words: "slow, 2 kB a second", fault: .slow(bytesPerSecond: 2_000)),
        ProxyFault(words: "reset in mid-body", fault: .resets(afterBytes: 700)),
        ProxyFault(words: "500 to everything", fault: answer("500 Internal Server Error")),
        ProxyFault(
            words: "503, Retry-After: 2",
            fault: answer("503 Service Unavailable", "Retry-After: 2\r\n")),
        ProxyFault(words: "429 to everything", fault: answer("429 Too Many Requests")),
        ProxyFault(words: "garbage for an answer", fault: .garbage),
        ProxyFault(words: "half-open, answers lost", fault: .losesAnswers),
        ProxyFault(words: "stores, and never answers", fault: .swallowsAnswers),
        ProxyFault(words: "401 to everything", fault: answer("401 Unauthorized")),
    ]

    /// In `make test` the ones whose recovery takes seconds.
    static var chosen: [ProxyFault] {
        FaultScale.isFull ? faults : [faults[0], faults[3], faults[8]]
    }

    @Test(arguments: chosen)
    func `a fault between sender and server costs nothing`(_ fault: ProxyFault) throws {
        let seconds = FaultScale.pick(short: 3, full: 60)
        let host = try FaultedHost(
            .init(backend: "timeout_seconds: \(FaultScale.pick(short: 1, full: 5))"))
        try host.start()
        host.waitUntilFlowing()
        try host.proxy.set(fault.fault)
        sleep(UInt32(seconds))
        try host.proxy.set(.none)
        let recovery = host.recovery(within: fault.recovery)
        host.waitUntilDrained()
        try host.prove(fault.words, extent: "\(seconds) s", recoverySeconds: recovery)
    }

    @Test func `a server that comes and goes every two seconds loses nothing`() throws {
        let seconds = FaultScale.pick(short: 8, full: 300)
        let host = try FaultedHost()
        try host.start()
        host.waitUntilFlowing()
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try host.proxy.set(.refuses)
            sleep(2)
            try host.proxy.set(.none)
            sleep(2)
        }
        let recovery = host.recovery(within: .seconds(10))
        host.waitUntilDrained()
        try host.prove("flapping every 2 s", extent: "\(seconds) s", recoverySeconds: recovery)
    }

    @Test func `one request in twenty that fails costs nothing`() throws {
        let seconds = FaultScale.pick(short: 8, full: 600)
        let host = try FaultedHost()
        try host.proxy.set(.failsOneIn(20))
        try host.start()
        host.waitUntilFlowing()
        sleep(UInt32(seconds))
        let failed = host.proxy.failures
        try host.proxy.set(.none)
        let recovery = host.recovery(within: .seconds(65))
        host.waitUntilDrained()
        try host.prove(
            "5% of requests fail", extent: "\(seconds) s", recoverySeconds: recovery,
            remark: "\(failed) requests failed")
        if FaultScale.isFull { #expect(failed > 0) }
    }

    @Test(.enabled(if: FaultScale.isFull, "takes minutes"))
    func `a server that answers after 90 seconds gets everything once`() throws {
        let host = try FaultedHost(.init(backend: "timeout_seconds: 30"))
        try host.start()
        host.waitUntilFlowing()
        try host.proxy.set(.answersLate(seconds: 90))
        sleep(200)
        try host.proxy.set(.none)
        let recovery = host.recovery(within: .seconds(95))
        host.waitUntilDrained()
        try host.prove(
            "answers after 90 s (timeout 30 s)", extent: "200 s", recoverySeconds: recovery)
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, "only root may mount"))
    func `a name that cannot be resolved holds nothing up once it can`() throws {
        let seconds = FaultScale.pick(short: 3, full: 60)
        let hosts = try TemporaryDirectory("puypuy-hosts")
        try hosts.write("hosts", "127.0.0.1 localhost\n", mode: 0o644)
        try hosts.write(
            "resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", mode: 0o644)
        // Files of its own for the resolver, in a mount namespace of the daemon's own.
        let script = """
            mount --bind \(hosts.path)/hosts /etc/hosts &&
            mount --bind \(hosts.path)/resolv.conf /etc/resolv.conf && exec "$@"
            """
        let host = try FaultedHost(
            .init(
                address: "database.fault.example",
                wrapper: { _ in ["unshare", "--mount", "/bin/sh", "-c", script, "sh"] }))
        try host.start()
        sleep(UInt32(seconds))
        #expect(host.puypuy.isRunning, "\(host.puypuy.log)")
        #expect(host.puypuy.log.contains("database.fault.example"), "\(host.puypuy.log)")
        // In place: a bind mount shows the file that it was made of.
        try writeInPlace("127.0.0.1 localhost database.fault.example\n", hosts.path + "/hosts")
        let recovery = host.recovery(within: .seconds(15))
        host.waitUntilDrained()
        try host.prove("DNS fails", extent: "\(seconds) s", recoverySeconds: recovery)
    }

    private func writeInPlace(_ text: String, _ path: String) throws {
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }
}
