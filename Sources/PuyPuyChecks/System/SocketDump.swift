internal import Glibc

/// The kernel's own list of TCP sockets, sock_diag(7), as far as their states go.
///
/// The list is binary and made in one walk through the table of sockets. The files of `/proc/net` take
/// a walk for each version of IP and are text: three times the processor time on a host with few
/// connections, more with many.
enum SocketDump {
    /// `SOCK_DIAG_BY_FAMILY` dumps one version of IP at a time; its predecessor, with the request that the
    /// kernel still takes for it, dumps both (net/ipv4/inet_diag.c, `inet_diag_dump_compat`).
    private static let getSockets: UInt16 = 18
    private static let netlinkSockDiag: Int32 = 4
    private static let messageError: UInt16 = 2
    private static let messageDone: UInt16 = 3
    /// `NLM_F_REQUEST` and `NLM_F_DUMP`.
    private static let requestFlags: UInt16 = 0x301
    /// All states from `established`, 1, to `new_syn_recv`, 12. Beyond them are sockets that are bound and
    /// nothing else, which `/proc/net/tcp` does not have.
    private static let states: UInt32 = 0x1FFE
    private static let headerBytes = 16
    private static let requestBytes = 16 + 60
    /// As large as a part of a dump gets.
    private static let bufferBytes = 1 << 16

    /// This process's network's TCP sockets of both versions of IP; `nil` where the kernel does not tell: it
    /// lacks `tcp_diag`, or a sandbox forbids to ask. Blocks only as long as the kernel counts.
    static func tcp() -> SocketCount? {
        let descriptor = socket(
            PF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), netlinkSockDiag)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: bufferBytes, alignment: 8) { buffer in
            guard ask(descriptor, in: buffer) else { return nil }
            var count = SocketCount()
            while true {
                let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if received < 0 && errno == EINTR { continue }
                guard received > 0 else { return nil }
                let part = UnsafeRawBufferPointer(rebasing: buffer[..<received])
                guard let isLast = add(part, to: &count) else { return nil }
                if isLast { return count }
            }
        }
    }

    /// A `nlmsghdr`, netlink(7), and a `inet_diag_req`, of which all but the states is 0.
    private static func ask(_ descriptor: Int32, in buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let request = UnsafeMutableRawBufferPointer(rebasing: buffer[..<requestBytes])
        request.initializeMemory(as: UInt8.self, repeating: 0)
        request.storeBytes(of: UInt32(requestBytes), toByteOffset: 0, as: UInt32.self)
        request.storeBytes(of: getSockets, toByteOffset: 4, as: UInt16.self)
        request.storeBytes(of: requestFlags, toByteOffset: 6, as: UInt16.self)
        request.storeBytes(of: states, toByteOffset: headerBytes + 52, as: UInt32.self)
        return send(descriptor, request.baseAddress, requestBytes, 0) == requestBytes
    }

    /// Counts the sockets of one part of a dump, each in an `inet_diag_msg`, whose second byte is its
    /// state. Returns whether it was the last part; `nil` when it says an error or is cut.
    static func add(_ part: UnsafeRawBufferPointer, to count: inout SocketCount) -> Bool? {
        var rest = part[...]
        while rest.count >= headerBytes {
            let message = UnsafeRawBufferPointer(rebasing: rest)
            let length = Int(message.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
            switch message.loadUnaligned(fromByteOffset: 4, as: UInt16.self) {
            case messageDone: return true
            case messageError: return nil
            default:
                guard length > headerBytes + 1, length <= message.count else { return nil }
                count.add(state: Int(message[headerBytes + 1]))
            }
            // Messages begin at multiples of 4.
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return rest.isEmpty ? false : nil
    }
}
