internal import PuyPuyCore

/// `tcpconn`: TCP sockets by state and UDP sockets, of IPv4 and IPv6 together.
///
/// Source: sock_diag(7) for TCP, and where the kernel does not offer that, or below another root,
/// `/proc/net/tcp` and `tcp6`; `/proc/net/udp` and `udp6` (Documentation/networking/proc_net_tcp.rst).
/// A kernel without one of the protocols lacks its files.
struct TCPConnectionsCheck: Check {
    static let description = CheckDescription(
        name: "tcpconn", section: nil, summary: "TCP sockets by state, and UDP sockets",
        make: { TCPConnectionsCheck(root: HostRoot($0.rootPath)) })

    /// A read of such a file gives whole lines, and ends when the next one does not fit into a page of at
    /// least 4 KiB (fs/seq_file.c): with fewer bytes it has come to the end. A read behind the end gives
    /// nothing, and lets the kernel go through its whole table of sockets once more
    /// (net/ipv4/tcp_ipv4.c, `tcp_seq_start`).
    private static let lastReadBytes = 4_096 - 512

    let root: HostRoot

    func collect(into sample: inout Sample) throws {
        let tcp = try (root.isOwn ? SocketDump.tcp() : nil) ?? count(["tcp", "tcp6"])
        let udp = try count(["udp", "udp6"])
        if let tcp {
            for (flag, count) in zip(SocketCount.flags, tcp.byState) {
                sample.gauge(
                    "tcp_connections", .integer(count), type: "system", tags: ["flag": flag])
            }
        }
        if let udp {
            sample.gauge(
                "udp_clients", .integer(udp.total), type: "system", tags: ["flag": "udp"])
        }
        if tcp == nil && udp == nil {
            throw ChecksError(
                operation: "find", subject: root.path(root.processView("net/tcp")),
                cause: "neither it nor tcp6, udp or udp6 is there")
        }
    }

    /// The sockets in those files together, or `nil` when none of them is there.
    private func count(_ files: [String]) throws(ChecksError) -> SocketCount? {
        var count: SocketCount?
        for file in files {
            let path = root.processView("net/\(file)")
            guard root.exists(path) else { continue }
            var sum = count ?? SocketCount()
            try root.forEachLine(of: path, endsBelow: Self.lastReadBytes) { sum.add(line: $0) }
            count = sum
        }
        return count
    }
}

/// Sockets by state, counted line by line.
struct SocketCount: Equatable {
    /// The names of the states, by their code from 1 (include/net/tcp_states.h). The last one takes
    /// what later kernels add.
    static let flags = [
        "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close",
        "close_wait", "last_ack", "listen", "closing", "new_syn_recv", "max_states",
    ]

    /// As many as ``flags``.
    private(set) var byState = [Int64](repeating: 0, count: flags.count)
    /// All sockets.
    var total: Int64 { byState.reduce(0, +) }

    /// Counts the socket that `line` describes by its fourth word. The header describes none.
    mutating func add(line: ArraySlice<UInt8>) {
        var words = ByteWords(line)
        guard let number = words.next(), number.last == UInt8(ascii: ":"),
            let code = words.next(after: 2).flatMap({ Int(digits: $0, radix: 16) })
        else { return }
        add(state: code)
    }

    /// Counts a socket in the state of this code, which begin at 1.
    mutating func add(state code: Int) {
        guard code > 0 else { return }
        byState[min(code, byState.count) - 1] += 1
    }

    /// The sockets of a whole file.
    static func parse(_ text: ArraySlice<UInt8>) -> SocketCount {
        var count = SocketCount()
        var lines = ByteLines(text)
        while let line = lines.next() { count.add(line: line) }
        return count
    }
}
