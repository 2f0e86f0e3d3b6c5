internal import Glibc
internal import PuyPuyBackends

/// Whom a backend's connections go to: the server, or the proxy before it.
struct NetworkPeer {
    /// Why a step failed, and what to do.
    struct Failure: Error {
        let words: String
        let hint: String
    }

    /// One address of the host.
    struct Address {
        fileprivate let storage: sockaddr_storage
        fileprivate let length: socklen_t
        /// `192.0.2.1`, `::1`
        let text: String
    }

    /// The host's name or address, without brackets.
    let host: String
    /// The TCP port.
    let port: UInt16
    private let isProxy: Bool

    /// The peer of the connections; `nil` when there is no host in the address.
    init?(_ configuration: BackendConfiguration) {
        isProxy = configuration.proxy != nil
        let text = configuration.proxy ?? configuration.url
        var rest = text[...]
        var defaultPort: UInt16 = isProxy ? 1080 : 80
        if let separator = text.firstRange(of: "://") {
            let scheme = text[..<separator.lowerBound].lowercased()
            if scheme == "https" { defaultPort = 443 }
            rest = text[separator.upperBound...]
        }
        var authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
        }
        if authority.first == "[", let end = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let behind = authority[authority.index(after: end)...]
            port = UInt16(behind.dropFirst()) ?? defaultPort
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1)
            guard let first = parts.first else { return nil }
            host = String(first)
            port = parts.count > 1 ? UInt16(parts[1]) ?? defaultPort : defaultPort
        }
        if host.isEmpty { return nil }
    }

    /// Looks the host up, as getaddrinfo(3) does for every program.
    func resolve() -> Result<[Address], Failure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            let words = String(
                cString: code == EAI_SYSTEM ? UnsafePointer(strerror(errno)) : gai_strerror(code))
            return .failure(
                Failure(
                    words: "\(host): \(words)",
                    hint: "check the host's name in \(key), /etc/resolv.conf and /etc/hosts"))
        }
        var addresses: [Address] = []
        var next = list
        while let entry = next?.pointee {
            if let address = NetworkPeer.address(entry) { addresses.append(address) }
            next = entry.ai_next
        }
        return .success(addresses)
    }

    /// Connects to one address after the other; returns the first that answers.
    func connect(_ addresses: [Address], within timeout: Duration) -> Result<String, Failure> {
        var words = "\(host) has no address"
        for address in addresses {
            let shown = address.text.contains(":") ? "[\(address.text)]" : address.text
            guard let error = NetworkPeer.error(connectingTo: address, within: timeout) else {
                return .success("\(shown):\(port)")
            }
            words = "\(shown):\(port): \(String(cString: strerror(error)))"
        }
        return .failure(
            Failure(
                words: words,
                hint:
                    "see that \(isProxy ? "the proxy" : "the server") runs and listens there, that no"
                    + " firewall is in between, and check the port in \(key)"))
    }

    private var key: String { isProxy ? "proxy" : "address" }

    private static func address(_ entry: addrinfo) -> Address? {
        var storage = sockaddr_storage()
        memcpy(&storage, entry.ai_addr, Int(entry.ai_addrlen))
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) {
            getnameinfo(
                entry.ai_addr, entry.ai_addrlen, $0.baseAddress, socklen_t($0.count), nil, 0,
                NI_NUMERICHOST) == 0 ? String(cString: $0.baseAddress!) : nil
        }
        return text.map { Address(storage: storage, length: entry.ai_addrlen, text: $0) }
    }

    /// The error of a connection to `address`; `nil` when it succeeded.
    private static func error(
        connectingTo address: Address, within timeout: Duration
    ) -> Int32? {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = socket(Int32(address.storage.ss_family), type, 0)
        guard socket >= 0 else { return errno }
        defer { close(socket) }
        var storage = address.storage
        let started = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, address.length)
            }
        }
        if started == 0 { return nil }
        guard errno == EINPROGRESS else { return errno }
        var readiness = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        let end = ContinuousClock.now + timeout
        while true {
            let left = Int32(clamping: Int64((end - .now) / .milliseconds(1)))
            let ready = poll(&readiness, 1, max(0, left))
            if ready > 0 { break }
            if ready == 0 { return ETIMEDOUT }
            if errno != EINTR { return errno }
        }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length)
        return error == 0 ? nil : error
    }
}
