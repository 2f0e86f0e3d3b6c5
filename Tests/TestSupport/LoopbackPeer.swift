internal import Glibc
internal import Synchronization

/// A scripted TCP peer on loopback, for what a real Carbon does not do on demand. One connection at
/// a time, on a thread of its own; it ends with the object.
public final class LoopbackPeer: Sendable {
    /// What the peer does with a connection.
    public enum Manner: Sendable {
        /// Reads to the end and closes: what a Carbon does.
        case readsAll
        /// Reads to the end and never closes.
        case neverEnds
        /// Reads nothing and stays.
        case readsNothing
        /// Reads so many bytes and closes, with more unread: a reset.
        case closesAfter(Int)
        /// Reads so many bytes, then ends its side, and reads on.
        case endsAfter(Int)
        /// Says something at once, and reads on.
        case says(String)
    }

    /// Its port.
    public let port: UInt16
    /// Its address.
    public var url: String { "tcp://127.0.0.1:\(port)" }
    /// How many connections were made.
    public var connectionCount: Int { core.state.withLock { $0.count } }
    /// What the last connection brought.
    public var received: [UInt8] { core.state.withLock { $0.received } }
    private let core: PeerCore

    /// A peer that treats every connection in this `manner`.
    public init(_ manner: Manner) throws(TestSupportError) {
        let listener = try LoopbackSocket(listeningOn: 0)
        port = listener.port
        core = PeerCore(listener: listener, manner: manner)
        startThread { [core] in core.serve() }
    }

    deinit { core.stop() }
}

/// What the thread and the object share.
private final class PeerCore: Sendable {
    struct State {
        var count = 0
        var received: [UInt8] = []
        var isStopped = false
        var open: Int32?
    }
    let state = Mutex(State())
    private let listener: LoopbackSocket
    private let manner: LoopbackPeer.Manner

    init(listener: consuming LoopbackSocket, manner: LoopbackPeer.Manner) {
        self.listener = listener
        self.manner = manner
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            shutdown(listener.descriptor, Int32(SHUT_RDWR))
            if let open = state.open { shutdown(open, Int32(SHUT_RDWR)) }
        }
    }

    func serve() {
        while true {
            let descriptor = listener.accept()
            if descriptor < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
            guard descriptor >= 0 else { return }
            let connection = LoopbackSocket(descriptor: descriptor)
            let goesOn = state.withLock { state in
                state.count += 1
                state.received = []
                state.open = descriptor
                return !state.isStopped
            }
            guard goesOn else { return }
            treat(connection)
            // Before the descriptor is closed and its number may come back.
            state.withLock { $0.open = nil }
        }
    }

    private func treat(_ connection: borrowing LoopbackSocket) {
        switch manner {
        case .readsAll: read(connection, .max)
        case .neverEnds:
            read(connection, .max)
            linger()
        case .readsNothing: linger()
        case .closesAfter(let count): read(connection, count)
        case .endsAfter(let count):
            read(connection, count)
            shutdown(connection.descriptor, Int32(SHUT_WR))
            read(connection, .max)
        case .says(let words):
            connection.send(words.utf8)
            read(connection, .max)
        }
    }

    /// Waits for the end of the test.
    private func linger() { _ = eventually(within: .seconds(60)) { state.withLock(\.isStopped) } }

    private func read(_ connection: borrowing LoopbackSocket, _ count: Int) {
        var bytes: [UInt8] = []
        while bytes.count < count, connection.receive(into: &bytes) {}
        state.withLock { $0.received += bytes }
    }
}
