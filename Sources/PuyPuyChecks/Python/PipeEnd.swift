internal import Glibc
internal import SystemPackage

/// Pipes between the daemon and a child: pipe(7).
enum PipeEnd {
    /// The lowest number of a descriptor that is passed on, so that dup2(2) into the low numbers of
    /// a child overwrites none of them.
    private static let lowest: CInt = 16

    /// A new pipe whose both ends close when a program is executed.
    ///
    /// The end that the daemon keeps, `reading` or writing, does not block.
    static func pair(keepsReading: Bool) throws(ChecksError) -> (own: CInt, childs: CInt) {
        var ends: [CInt] = [-1, -1]
        // pipe2(2) is not visible to Swift. Children that start between the calls close what they
        // inherit: swift-subprocess does that.
        guard pipe(&ends) == 0 else { throw failure("make", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return try passingOn(
            own: keepsReading ? ends[0] : ends[1], low: keepsReading ? ends[1] : ends[0])
    }

    private static func passingOn(
        own: CInt, low: CInt
    ) throws(ChecksError) -> (own: CInt, childs: CInt) {
        let high = fcntl(low, F_DUPFD_CLOEXEC, lowest)
        let code = errno
        close(low)
        guard high >= 0 else {
            close(own)
            throw failure("pass on", code)
        }
        _ = fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK)
        return (own, high)
    }

    /// A new pair of connected sockets instead of a pipe to write to: whose write does not raise
    /// SIGPIPE when the other side is gone. The end that the daemon keeps does not block.
    static func sockets() throws(ChecksError) -> (own: CInt, childs: CInt) {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw failure("make", errno) }
        return try passingOn(own: ends[0], low: ends[1])
    }

    /// Writes what fits of `bytes`; as write(2), but without SIGPIPE.
    static func send(_ bytes: ArraySlice<UInt8>, to socket: CInt) -> Int {
        bytes.withUnsafeBytes {
            Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
    }

    /// What a pipe holds at the moment, at most `limit` bytes; `nil` at its end.
    static func read(_ descriptor: CInt, limit: Int = 65_536) -> [UInt8]? {
        var isAtEnd = false
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            while true {
                let result = Glibc.read(descriptor, buffer.baseAddress, limit)
                if result < 0 && errno == EINTR { continue }
                isAtEnd = result == 0 || (result < 0 && errno != EAGAIN)
                count = max(result, 0)
                return
            }
        }
        return isAtEnd ? nil : bytes
    }

    private static func failure(_ operation: String, _ code: CInt) -> ChecksError {
        ChecksError(
            operation: operation, subject: "a pipe", cause: Errno(rawValue: code).description)
    }
}
