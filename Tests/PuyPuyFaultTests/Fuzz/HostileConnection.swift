import Glibc
import TestSupport

/// A connection to the web server or the control socket, for bytes that are no request.
struct HostileConnection: ~Copyable {
    /// Where a daemon takes requests.
    enum Place {
        case port(UInt16)
        case socket(String)
    }

    private let descriptor: Int32

    /// Connects; reads and writes wait for five seconds at most.
    init(_ place: Place) throws(TestSupportError) {
        switch place {
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            descriptor = try Self.connected(&address, family: AF_INET)
        case .socket(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { room in
                room.copyBytes(from: path.utf8.prefix(room.count - 1))
            }
            descriptor = try Self.connected(&address, family: AF_UNIX)
        }
    }

    deinit { close(descriptor) }

    private static func connected<Address: BitwiseCopyable>(
        _ address: inout Address, family: Int32
    ) throws(TestSupportError) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            let words = String(cString: strerror(errno))
            close(descriptor)
            throw TestSupportError("connect: \(words)")
        }
        return descriptor
    }

    /// Sends as much as the other side takes.
    func send(_ bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Nothing more will be sent.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until the other side ends; `nil` when it does not end in time.
    func receiveAll() -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count > 0 {
                bytes += piece[..<count]
            } else {
                return count == 0 || errno == ECONNRESET ? bytes : nil
            }
        }
    }
}
