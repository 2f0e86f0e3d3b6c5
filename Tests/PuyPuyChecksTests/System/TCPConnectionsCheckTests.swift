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

    @Test func `the kernel's list and the files have the same sockets`() throws {
        let peer = try LoopbackPeer(.readsAll)
        var last: (dump: SocketCount?, files: SocketCount)?
        // Other programs open and close sockets meanwhile.
        let agree = eventually {
            let text = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap {
                lines(ofLive: $0).dropFirst().map { $0 + "\n" }
            }
            last = (SocketDump.tcp(), SocketCount.parse(bytes(text.joined())))
            return last?.dump == last?.files && last?.files.total ?? 0 > 0
        }
        #expect(agree, "\(String(describing: last))")
        #expect(peer.connectionCount == 0)
    }

    @Test(arguments: [
        ([message(1), message(10), message(10), message(1), done], 4, true),
        ([message(1), message(6)], 2, false),
        ([message(13), message(200), done], 2, true),
    ]) func `a part of the kernel's list is counted`(
        messages: [[UInt8]], total: Int, isLast: Bool
    ) {
        var count = SocketCount()
        #expect(
            messages.flatMap(\.self).withUnsafeBytes { SocketDump.add($0, to: &count) } == isLast)
        #expect(count.total == total)
    }

    @Test func `an error and a cut message are no list`() {
        let whole = Self.message(1) + Self.message(10)
        for wrong in [Self.message(1) + Self.error] + (1..<whole.count).map({ Array(whole[..<$0]) })
        where wrong.count != whole.count / 2 {
            var count = SocketCount()
            let answer = wrong.withUnsafeBytes { SocketDump.add($0, to: &count) }
            #expect(answer == nil, "\(wrong.count) bytes")
        }
    }

    /// A socket in this state as the kernel describes it: a `nlmsghdr` and an `inet_diag_msg` of 72 bytes.
    static func message(_ state: UInt8) -> [UInt8] {
        header(20, length: 88) + [2, state] + [UInt8](repeating: 0, count: 70)
    }
    static let done = header(3, length: 20) + [0, 0, 0, 0]
    static let error =
        header(2, length: 36) + [0xFE, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 16)

    private static func header(_ type: UInt8, length: UInt8) -> [UInt8] {
        [length, 0, 0, 0, type, 0] + [UInt8](repeating: 0, count: 10)
    }
}
