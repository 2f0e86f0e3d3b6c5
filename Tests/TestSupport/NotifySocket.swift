internal import Glibc

/// A service manager's end of sd_notify(3): a datagram socket with a path.
public final class NotifySocket {
    private let descriptor: CInt
    /// Where it is.
    public let path: String
    /// Every message so far, in order.
    public private(set) var messages: [String] = []

    /// A socket at `path`.
    public init(path: String) throws(TestSupportError) {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { throw TestSupportError("\(path) is too long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw TestSupportError("bind \(path): \(systemWords())") }
    }

    deinit { close(descriptor) }

    /// Takes messages until `isEnough` says so; false when that takes longer than `deadline`.
    public func listen(
        within deadline: Duration = .seconds(60), until isEnough: ([String]) -> Bool
    ) -> Bool {
        eventually(within: deadline) {
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                if count <= 0 { break }
                messages.append(String(decoding: bytes.prefix(count), as: UTF8.self))
            }
            return isEnough(messages)
        }
    }
}
