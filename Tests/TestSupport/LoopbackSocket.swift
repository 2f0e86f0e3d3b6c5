internal import Glibc
internal import Synchronization

/// A TCP socket on 127.0.0.1: just enough of one for test servers and their questions.
struct LoopbackSocket: ~Copyable {
    let descriptor: Int32

    /// Takes over an open socket.
    init(descriptor: Int32) { self.descriptor = descriptor }

    /// A listener on `port`; 0 for one that the system chooses.
    init(listeningOn port: UInt16) throws(TestSupportError) {
        descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_TCP))
        guard descriptor >= 0 else { throw TestSupportError("socket: \(systemWords())") }
        setOption(SO_REUSEADDR, Int32(1))
        var address = LoopbackSocket.address(port)
        guard LoopbackSocket.with(&address, { bind(descriptor, $0, $1) }) == 0,
            listen(descriptor, 128) == 0
        else { throw TestSupportError("listen on port \(port): \(systemWords())") }
    }

    /// A connection to `port`, with `timeout` seconds for each read and write.
    init(connectingTo port: UInt16, timeout: Int = 60) throws(TestSupportError) {
        descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_TCP))
        guard descriptor >= 0 else { throw TestSupportError("socket: \(systemWords())") }
        setOption(SO_RCVTIMEO, timeval(tv_sec: timeout, tv_usec: 0))
        setOption(SO_SNDTIMEO, timeval(tv_sec: timeout, tv_usec: 0))
        var address = LoopbackSocket.address(port)
        guard LoopbackSocket.with(&address, { connect(descriptor, $0, $1) }) == 0 else {
            throw TestSupportError("connect to port \(port): \(systemWords())")
        }
    }

    deinit { close(descriptor) }

    /// Gives the descriptor away, open.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    /// The port on our side.
    var port: UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = LoopbackSocket.with(&address) { pointer, _ in
            getsockname(descriptor, pointer, &length)
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A port that nobody listened on a moment ago.
    static func freePort() throws(TestSupportError) -> UInt16 {
        try LoopbackSocket(listeningOn: 0).port
    }

    func setOption<T: BitwiseCopyable>(_ name: Int32, _ value: T) {
        var value = value
        setsockopt(descriptor, SOL_SOCKET, name, &value, socklen_t(MemoryLayout<T>.size))
    }

    /// Waits for a connection; negative, with `errno`, when the listener was shut down.
    ///
    /// Swift does not see accept4(2), so a lock keeps children from inheriting the connection before
    /// it is marked: a child that held it would keep it open.
    func accept() -> Int32 {
        var readiness = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&readiness, 1, -1) < 0 && errno == EINTR {}
        return startingChildren.withLock { _ in
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 { _ = fcntl(connection, F_SETFD, FD_CLOEXEC) }
            return connection
        }
    }

    /// Makes the coming close a reset: a zero linger time throws unsent bytes away.
    func resetOnClose() { setOption(SO_LINGER, linger(l_onoff: 1, l_linger: 0)) }

    /// Sends all of `bytes`; false when the other side is gone.
    @discardableResult
    func send(_ bytes: some Sequence<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 && errno == EINTR { continue }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Adds to `bytes` what has arrived, a piece of at most so many bytes; false at the end of the
    /// stream, an error or a timeout.
    func receive(into bytes: inout [UInt8], atMost limit: Int = 1 << 16) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: limit) { buffer in
            var count: Int
            repeat {
                count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            } while count < 0 && errno == EINTR
            guard count > 0 else { return false }
            bytes.append(contentsOf: buffer[..<count])
            return true
        }
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func with<R>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Held while a child is started, and while a descriptor exists that it must not inherit.
let startingChildren = Mutex(())
