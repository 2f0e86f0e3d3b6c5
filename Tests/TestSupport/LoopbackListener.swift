/// Somebody else's server: has a port of 127.0.0.1 as long as the object lives, and answers nothing.
public final class LoopbackListener {
    private let socket: LoopbackSocket

    /// Takes a free port.
    public init() throws(TestSupportError) { socket = try LoopbackSocket(listeningOn: 0) }

    /// The port.
    public var port: UInt16 { socket.port }
}
