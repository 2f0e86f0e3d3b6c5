internal import Glibc

/// A port on loopback that neither takes nor refuses connections, like a host behind a firewall that
/// drops packets.
///
/// listen(2): once the queue of connections that wait for accept is full, Linux ignores new ones.
public final class FullListener: Sendable {
    /// The port.
    public let port: UInt16
    private let descriptors: [Int32]

    /// A listener whose queue is full.
    public init() throws(TestSupportError) {
        let listener = try LoopbackSocket(listeningOn: 0)
        // Zero leaves room for one connection.
        listen(listener.descriptor, 0)
        port = listener.port
        let first = try LoopbackSocket(connectingTo: port)
        descriptors = [listener.release(), first.release()]
    }

    deinit { for descriptor in descriptors { close(descriptor) } }
}
