internal import Glibc

/// A connection to a server under test, byte by byte: for requests that no decent client sends.
public final class LoopbackClient {
    private let socket: LoopbackSocket
    private var received: [UInt8] = []

    /// Connects to `port`; reads and writes wait for `timeout` seconds at most.
    public init(port: UInt16, timeout: Int = 60) throws(TestSupportError) {
        socket = try LoopbackSocket(connectingTo: port, timeout: timeout)
    }

    /// Sends `text`; false when the other side is gone.
    @discardableResult
    public func send(_ text: String) -> Bool { socket.send(text.utf8) }

    /// All that comes, until the other side ends the connection or the time is up.
    public func receiveAll() -> String {
        while socket.receive(into: &received) {}
        return String(decoding: received, as: UTF8.self)
    }

    /// What comes, until it contains `text`, the other side ends the connection, or the time is up.
    public func receive(until text: String) -> String {
        while !String(decoding: received, as: UTF8.self).contains(text),
            socket.receive(into: &received)
        {}
        return String(decoding: received, as: UTF8.self)
    }

    /// Whether the other side has ended the connection; waits for the time given at most.
    public var isEnded: Bool {
        var byte: UInt8 = 0
        while true {
            let count = recv(socket.descriptor, &byte, 1, 0)
            if count > 0 { continue }
            return count == 0 || errno == ECONNRESET
        }
    }

    /// A port that nobody listened on a moment ago.
    public static func freePort() throws(TestSupportError) -> UInt16 {
        try LoopbackSocket.freePort()
    }
}
