import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct TCPConnectionsCheckTests {
    static let counts: [(HostShape, [String: Int64], Int64)] = [
        (
            .virtualMachine, ["listen": 3, "established": 4, "time_wait": 1, "close_wait": 1], 3
        ),
        (
            .manyProcessors,
            [
                "listen": 60, "established": 600, "time_wait": 50, "syn_sent": 1, "syn_recv": 1,
                "fin_wait1": 1, "fin_wait2": 1, "close": 1, "close_wait": 1, "last_ack": 1,
                "closing": 1, "new_syn_recv": 1,
            ], 26
        ),
        (.nvmeLVM, ["listen": 2, "established": 1], 2),
        (.container, ["listen": 2, "established": 1], 0),
        (.ipv6Only, ["listen": 2, "established": 3], 3),
        (.oldKernel, ["listen": 1, "established": 1, "time_wait": 1], 2),
    ]

    @Test(arguments: counts)
    func `each socket counts once in its own state`(
        shape: HostShape, expected: [String: Int64], udp: Int64
    ) throws {
        var sample = sample(of: "tcpconn")
        try TCPConnectionsCheck(root: HostRoot(shape.path)).collect(into: &sample)
        #expect(sample.tagValues("flag", of: "tcp_connections") == Set(SocketCount.flags))
        for flag in SocketCount.flags {
            let count = sample.value("tcp_connections", ["flag": flag, "type": "system"])
            #expect(count == .integer(expected[flag] ?? 0), "\(flag)")
        }
        #expect(sample.value("udp_clients", ["flag": "udp"]) == .integer(udp))
    }

    @Test func `states of later kernels count as max_states`() {
        let count = SocketCount.parse(bytes("  sl  a b st\n  0: a b 0D x\n  1: a b 1F x\n"))
        #expect(count.byState.last == 2)
        #expect(count.total == 2)
    }

    @Test func `a host without any of the files is a problem`() throws {
        let root = try TemporaryDirectory()
        var sample = sample(of: "tcpconn")
        #expect(throws: ChecksError.self) {
            try TCPConnectionsCheck(root: HostRoot(root.path)).collect(into: &sample)
        }
    }

    @Test func `another root is asked for the sockets of its first process`() throws {
        let root = try TemporaryDirectory()
        let header = "  sl  local_address rem_address   st\n"
        try root.write("/proc/net/tcp", header)
        try root.write("/proc/1/net/tcp", header + "   0: 0:1 0:0 0A 0\n")
        var sample = sample(of: "tcpconn")
        try TCPConnectionsCheck(root: HostRoot(root.path)).collect(into: &sample)
        #expect(sample.value("tcp_connections", ["flag": "listen"]) == .integer(1))
    }

    @Test func `this machine's listening sockets are those of the files`() throws {
        func listening() -> Int64 {
            let all = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { lines(ofLive: $0).dropFirst() }
            return Int64(all.filter { words($0)[3] == "0A" }.count)
        }
        for _ in 0..<20 {
            let before = listening()
            var sample = sample(of: "tcpconn")
            try TCPConnectionsCheck(root: HostRoot("/")).collect(into: &sample)
            guard before == listening() else { continue }
            let count = sample.value("tcp_connections", ["flag": "listen"])
            #expect(count == .integer(before))
            return
        }
        Issue.record("the sockets changed in each of twenty readings")
    }
}
