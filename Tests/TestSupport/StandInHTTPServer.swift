internal import Glibc
internal import Synchronization

/// A scripted HTTP/1.1 server on loopback, for the answers and the faults that a real server does
/// not give on demand.
///
/// One thread per connection; everything ends when the object goes.
public final class StandInHTTPServer: Sendable {
    /// One request as it came in.
    public struct Request: Sendable {
        /// `POST`
        public let method: String
        /// Path and query.
        public let target: String
        /// By name in lower case.
        public let headers: [String: String]
        /// The body, uncompressed.
        public let body: [UInt8]
        /// The size of the body on the wire.
        public let wireBytes: Int
        /// Which connection it came over, from 1.
        public let connection: Int
    }

    /// What the server does with a request.
    public indirect enum Reply: Sendable {
        /// Answers, with a fitting Content-Length, and keeps the connection.
        case status(Int, headers: [String] = [], body: String = "")
        /// Sends these bytes and closes.
        case raw([UInt8])
        /// Says nothing until the other side gives up.
        case hang
        /// Closes without a word.
        case close
        /// Resets the connection without a word.
        case reset
        /// Promises a body, sends a part of it, and closes (or resets).
        case cutBody(status: Int, resets: Bool)
        /// Waits, then does the other thing.
        case after(Duration, Reply)
    }

    /// Its port.
    public let port: UInt16
    private let core: StandInCore

    /// A server that answers as `answer` says, on `port` or on one that the system chooses.
    public init(
        port wanted: UInt16 = 0, _ answer: @escaping @Sendable (Request) -> Reply
    ) throws(TestSupportError) {
        let listener = try LoopbackSocket(listeningOn: wanted)
        port = listener.port
        core = StandInCore(listener: listener, answer: answer)
        core.start()
    }

    /// A server that goes through `script`, and repeats its last reply.
    public convenience init(script: [Reply]) throws(TestSupportError) {
        let position = Counter()
        try self.init { _ in script[min(position.next(), script.count) - 1] }
    }

    deinit { core.stop() }

    /// Its address.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// The requests so far.
    public var requests: [Request] { core.requests }
    /// How many connections were made to it.
    public var connectionCount: Int { core.connectionCount }
    /// Closes the listener and all connections: from now on connections are refused.
    public func stop() { core.stop() }
}

/// Counts from 1.
private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}

/// What the threads share; they keep it alive.
private final class StandInCore: Sendable {
    private struct State {
        var requests: [StandInHTTPServer.Request] = []
        var connectionCount = 0
        var open: Set<Int32> = []
        var isStopped = false
    }
    private let listener: LoopbackSocket
    private let answer: @Sendable (StandInHTTPServer.Request) -> StandInHTTPServer.Reply
    private let state = Mutex(State())

    init(
        listener: consuming LoopbackSocket,
        answer: @escaping @Sendable (StandInHTTPServer.Request) -> StandInHTTPServer.Reply
    ) {
        self.listener = listener
        self.answer = answer
    }

    var requests: [StandInHTTPServer.Request] { state.withLock { $0.requests } }
    var connectionCount: Int { state.withLock { $0.connectionCount } }

    func start() {
        startThread { [self] in
            while true {
                let descriptor = listener.accept()
                if descriptor < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
                guard descriptor >= 0 else { return }
                let number = state.withLock { state -> Int? in
                    if state.isStopped { return nil }
                    state.connectionCount += 1
                    state.open.insert(descriptor)
                    return state.connectionCount
                }
                guard let number else {
                    close(descriptor)
                    return
                }
                startThread { [self] in
                    serve(LoopbackSocket(descriptor: descriptor), number)
                }
            }
        }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            shutdown(listener.descriptor, Int32(SHUT_RDWR))
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func serve(_ connection: consuming LoopbackSocket, _ number: Int) {
        var pending: [UInt8] = []
        while let request = next(connection, &pending, number) {
            state.withLock { $0.requests.append(request) }
            guard perform(answer(request), on: connection) else { break }
        }
        // Before the descriptor is closed and its number may come back.
        state.withLock { _ = $0.open.remove(connection.descriptor) }
    }

    /// Whether the connection goes on.
    private func perform(
        _ reply: StandInHTTPServer.Reply, on connection: borrowing LoopbackSocket
    ) -> Bool {
        switch reply {
        case .status(let status, let headers, let body):
            var head = "HTTP/1.1 \(status) Stand-in\r\n"
            for header in headers { head += header + "\r\n" }
            if status != 204 { head += "Content-Length: \(body.utf8.count)\r\n" }
            return connection.send((head + "\r\n" + body).utf8)
        case .raw(let bytes):
            connection.send(bytes)
            return false
        case .hang:
            var ignored: [UInt8] = []
            while connection.receive(into: &ignored) {}
            return false
        case .close: return false
        case .reset:
            connection.resetOnClose()
            return false
        case .cutBody(let status, let resets):
            connection.send(
                "HTTP/1.1 \(status) Stand-in\r\nContent-Length: 1000\r\n\r\n{\"error\":\"par".utf8)
            if resets {
                usleep(50_000)  // so that the bytes arrive before the reset
                connection.resetOnClose()
            }
            return false
        case .after(let pause, let reply):
            let (seconds, attoseconds) = pause.components
            usleep(UInt32(seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
            return perform(reply, on: connection)
        }
    }

    private func next(
        _ connection: borrowing LoopbackSocket, _ pending: inout [UInt8], _ number: Int
    ) -> StandInHTTPServer.Request? {
        var end = LoopbackRequest.endOfHead(pending)
        while end == nil {
            guard connection.receive(into: &pending) else { return nil }
            end = LoopbackRequest.endOfHead(pending)
        }
        guard let end else { return nil }
        let head = String(decoding: pending[..<end], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = String(parts.last!.drop { $0 == " " })
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while pending.count < end + length {
            guard connection.receive(into: &pending) else { return nil }
        }
        let wire = Array(pending[end..<(end + length)])
        pending.removeFirst(end + length)
        return StandInHTTPServer.Request(
            method: String(words[0]), target: String(words[1]), headers: headers,
            body: headers["content-encoding"] == "gzip" ? gunzipped(wire) : wire,
            wireBytes: wire.count, connection: number)
    }
}
