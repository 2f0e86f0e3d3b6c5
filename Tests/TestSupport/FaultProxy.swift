internal import Glibc
internal import Synchronization

/// A TCP proxy on loopback in front of one server, which fails as it is told.
public final class FaultProxy: Sendable {
    /// What goes wrong with the connections.
    public enum Fault: Sendable, Hashable {
        /// Nothing: bytes, half-closes and ends go through.
        case none
        /// Connections are refused.
        case refuses
        /// Takes everything and never answers; the server sees nothing.
        case hangs
        /// The connection is reset, both ways, after so many bytes of the request.
        case resets(afterBytes: Int)
        /// Answers something that is no answer, and closes.
        case garbage
        /// The server gets the request, and its answer, or the end of its stream, becomes a reset.
        case losesAnswers
        /// The server gets the request; its answer goes nowhere, and the connection stands.
        case swallowsAnswers
        /// The server gets the request; its answer is held back for so long.
        case answersLate(seconds: UInt32)
        /// The request trickles through.
        case slow(bytesPerSecond: Int)
        /// Every so-many-th HTTP request gets a reset for an answer, whether the server saw it or
        /// not.
        case failsOneIn(Int)
        /// Answers this to a whole HTTP request that the server never sees, and closes.
        case answers(String)
        /// Answers 401 to an HTTP request that lacks this header line, and closes.
        case demands(header: String)
    }

    /// Where it listens, also while it refuses.
    public let port: UInt16
    private let upstream: UInt16
    private let state = Mutex(State())

    private struct State {
        var fault = Fault.none
        var listener: Int32 = -1
        var nextNumber = 0
        var requests = 0
        var failures = 0
        var open: [Int: ProxiedConnection] = [:]
    }

    /// A proxy in front of the server at `upstream`, without a fault.
    public init(to upstream: UInt16) throws(TestSupportError) {
        self.upstream = upstream
        port = try LoopbackSocket.freePort()
        try listen()
    }

    deinit { shutDown() }

    /// How many requests were failed by `failsOneIn`.
    public var failures: Int { state.withLock { $0.failures } }

    /// Its address.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Fails like this from now on. Connections that stand are cut.
    public func set(_ fault: Fault) throws(TestSupportError) {
        shutDown()
        state.withLock { $0.fault = fault }
        if fault != .refuses { try listen() }
    }

    private func shutDown() {
        state.withLock { state in
            if state.listener >= 0 { shutdown(state.listener, Int32(SHUT_RDWR)) }
            state.listener = -1
            for connection in state.open.values { connection.cut() }
        }
    }

    private func listen() throws(TestSupportError) {
        let listener = try LoopbackSocket(listeningOn: port)
        let descriptor = listener.descriptor
        state.withLock { $0.listener = descriptor }
        let keeper = ListenerKeeper(listener)
        startThread { [weak self] in
            while true {
                let accepted = keeper.socket.accept()
                if accepted < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
                guard accepted >= 0, let self else { return }
                self.serve(LoopbackSocket(descriptor: accepted))
            }
        }
    }

    private func serve(_ client: consuming LoopbackSocket) {
        let fault = state.withLock { $0.fault }
        let connection = ProxiedConnection(
            client: client, upstream: upstream, fault: fault,
            fails: { [weak self] in self?.countRequest(fault) ?? false })
        let number = state.withLock { state in
            state.nextNumber += 1
            state.open[state.nextNumber] = connection
            return state.nextNumber
        }
        startThread { [weak self] in
            connection.run()
            self?.state.withLock { _ = $0.open.removeValue(forKey: number) }
        }
    }

    /// Whether the request that came just now is one of those that fail.
    private func countRequest(_ fault: Fault) -> Bool {
        guard case .failsOneIn(let count) = fault else { return false }
        return state.withLock { state in
            state.requests += 1
            guard state.requests.isMultiple(of: count) else { return false }
            state.failures += 1
            return true
        }
    }
}

private final class ListenerKeeper: Sendable {
    let socket: LoopbackSocket
    init(_ socket: consuming LoopbackSocket) { self.socket = socket }
}

/// One connection through a proxy. Both its threads hold it, and the sockets end with it.
private final class ProxiedConnection: Sendable {
    private let client: LoopbackSocket
    private let server: LoopbackSocket
    private let hasServer: Bool
    private let fault: FaultProxy.Fault
    private let fails: @Sendable () -> Bool
    private let isCut = Latch()

    init(
        client: consuming LoopbackSocket, upstream: UInt16, fault: FaultProxy.Fault,
        fails: @escaping @Sendable () -> Bool
    ) {
        self.client = client
        self.fault = fault
        self.fails = fails
        var descriptor: Int32 = -1
        switch fault {
        case .none, .resets, .losesAnswers, .swallowsAnswers, .answersLate, .slow, .failsOneIn,
            .demands:
            if let connected = try? LoopbackSocket(connectingTo: upstream) {
                descriptor = connected.release()
            }
        case .refuses, .hangs, .garbage, .answers: break
        }
        server = LoopbackSocket(descriptor: descriptor)
        hasServer = descriptor >= 0
    }

    /// Ends both sides; whoever waits for them goes on.
    func cut() {
        isCut.open()
        shutdown(client.descriptor, Int32(SHUT_RDWR))
        if hasServer { shutdown(server.descriptor, Int32(SHUT_RDWR)) }
    }

    func run() {
        var seen: [UInt8] = []
        switch fault {
        case .refuses: break
        case .hangs:
            while client.receive(into: &seen) { seen.removeAll(keepingCapacity: true) }
            // The other side may only have ended its own half: nothing tells it that we have read.
            isCut.wait()
        case .garbage:
            _ = client.receive(into: &seen)
            client.send([0, 1, 2, 255, 254, 10] + Array("neither this nor that".utf8))
        case .answers(let text):
            if readRequest(into: &seen) { client.send(text.utf8) }
        case .resets(let bytes):
            guard hasServer else { return }
            var sent = 0
            while sent < bytes && client.receive(into: &seen) {
                let piece = seen.prefix(bytes - sent)
                server.send(piece)
                sent += piece.count
                seen.removeAll(keepingCapacity: true)
            }
            client.resetOnClose()
            server.resetOnClose()
        case .demands(let header):
            guard readRequest(into: &seen) else { return }
            guard String(decoding: seen, as: UTF8.self).contains("\r\n\(header)\r\n") else {
                client.send(
                    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        .utf8)
                return
            }
            guard hasServer else { return }
            server.send(seen)
            pass { seen in client.receive(into: &seen) }
        case .none, .losesAnswers, .swallowsAnswers, .answersLate:
            pass { seen in client.receive(into: &seen) }
        case .slow(let bytesPerSecond):
            pass { seen in
                guard client.receive(into: &seen, atMost: max(1, bytesPerSecond / 10)) else {
                    return false
                }
                return !isCut.wait(milliseconds: 100)
            }
        case .failsOneIn:
            pass { seen in
                guard readRequest(into: &seen) else { return false }
                guard fails() else { return true }
                if Bool.random() { server.send(seen) }
                client.resetOnClose()
                server.resetOnClose()
                shutdown(client.descriptor, Int32(SHUT_RD))
                return false
            }
        }
    }

    /// Both ways until both sides have ended. `take` takes the next piece of the request.
    private func pass(_ take: (inout [UInt8]) -> Bool) {
        guard hasServer else { return }
        let returned = Latch()
        startThread { [self] in
            back()
            returned.open()
        }
        var piece: [UInt8] = []
        while take(&piece) {
            server.send(piece)
            piece.removeAll(keepingCapacity: true)
        }
        shutdown(server.descriptor, Int32(SHUT_WR))
        returned.wait()
    }

    private func back() {
        var piece: [UInt8] = []
        while server.receive(into: &piece) {
            if fault == .losesAnswers { break }
            if fault == .swallowsAnswers {
                piece.removeAll(keepingCapacity: true)
                continue
            }
            if case .answersLate(let seconds) = fault, isCut.wait(milliseconds: 1_000 * seconds) {
                break
            }
            client.send(piece)
            piece.removeAll(keepingCapacity: true)
        }
        if fault == .losesAnswers {
            client.resetOnClose()
            // Reading ends; the descriptor is closed, with its reset, by whoever is last.
            shutdown(client.descriptor, Int32(SHUT_RD))
        } else {
            shutdown(client.descriptor, Int32(SHUT_WR))
        }
    }

    /// Reads an HTTP request whole; false when it ends early.
    private func readRequest(into bytes: inout [UInt8]) -> Bool {
        while true {
            if let end = LoopbackRequest.endOfHead(bytes) {
                let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
                let length =
                    head.firstRange(of: "content-length: ")
                    .flatMap { Int(head[$0.upperBound...].prefix { $0.isNumber }) } ?? 0
                if bytes.count >= end + length { return true }
            }
            guard client.receive(into: &bytes) else { return false }
        }
    }
}

/// Opens once.
private final class Latch: @unchecked Sendable {
    // `@unchecked`: a semaphore of the C library may be used by any thread.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }

    /// Whether it was opened within the time; whoever else waits finds it open, too.
    func wait(milliseconds: UInt32) -> Bool {
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        end.tv_sec += Int(milliseconds / 1_000)
        end.tv_nsec += Int(milliseconds % 1_000) * 1_000_000
        if end.tv_nsec >= 1_000_000_000 {
            end.tv_sec += 1
            end.tv_nsec -= 1_000_000_000
        }
        while sem_timedwait(semaphore, &end) != 0 {
            if errno == ETIMEDOUT { return false }
        }
        sem_post(semaphore)
        return true
    }
}
