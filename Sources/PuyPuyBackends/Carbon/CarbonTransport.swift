internal import Glibc
internal import PuyPuyCore

/// Sends one request over one connection to a Carbon, and finds out whether it was read.
///
/// Carbon acknowledges nothing. The strongest confirmation that TCP can give is this: after the
/// last byte is acknowledged the peer does not end the stream for ``earlyEndPause``, in which a Carbon
/// that chokes on the request closes the connection; then our side is ended; then the peer ends its
/// side too, with every byte acknowledged and no error on the socket. Carbon closes when it has read
/// our end, so it has read all before it. Anything else leaves the outcome unknown, and sending again
/// is harmless.
///
/// Blocking, and not Sendable: it belongs to the thread of whoever made it.
final class CarbonTransport {
    /// Long enough for a Carbon to fail over what it was sent; short enough for each request.
    static let earlyEndPause = Duration.milliseconds(50)
    /// So much is offered to the system at once: what TLS has begun to send must be offered again
    /// unchanged.
    private static let pieceBytes = 1 << 16
    /// Two bytes of a frame's length that goes no further: to Carbon's receiver of pickles nothing.
    /// Its receiver of lines, one port before, finds a line in them that is no UTF-8, and closes the
    /// connection; without it that receiver would take a small request in silence, to the end.
    private static let lineTrap: [UInt8] = [0xFF, UInt8(ascii: "\n")]

    private let address: CarbonAddress
    private let options: HTTPOptions
    private let interrupt: Interrupt

    /// A transport to `address`. Connects only when something is sent.
    init(_ address: CarbonAddress, options: HTTPOptions, interrupt: Interrupt) {
        precondition(Curl.isReady, "libcurl does not start")
        self.address = address
        self.options = options
        self.interrupt = interrupt
    }

    /// Sends `frames` and returns when the peer has read them. What throws is that this is not known.
    func send(_ frames: UnsafeRawBufferPointer) throws(BackendsError) {
        let deadline = ContinuousClock.now + options.timeout
        let connection = try CarbonConnection(to: address, options: options, interrupt: interrupt)
        try write(frames, to: connection, until: deadline)
        let trap: Result<Void, BackendsError> = CarbonTransport.lineTrap.withUnsafeBytes { bytes in
            Result { () throws(BackendsError) in try write(bytes, to: connection, until: deadline) }
        }
        try trap.get()
        try awaitAcknowledgement(of: connection, until: deadline)
        let pauseEnd = ContinuousClock.now + CarbonTransport.earlyEndPause
        while ContinuousClock.now < pauseEnd {
            try check(deadline, while: "the request was on its way")
            try expectSilence(connection)
            connection.wait(
                milliseconds: CarbonTransport.milliseconds(until: min(pauseEnd, deadline)))
        }
        try expectSilence(connection)
        try connection.endWriting()
        try awaitEnd(connection, until: deadline)
        try awaitAcknowledgement(of: connection, until: deadline)
        if let error = connection.socketError { throw failure(error) }
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer, to connection: CarbonConnection,
        until deadline: ContinuousClock.Instant
    ) throws(BackendsError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try check(deadline, while: "the request was sent")
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(CarbonTransport.pieceBytes))
            let count = try connection.send(piece)
            if count == 0 {
                connection.wait(writing: true)
                try expectSilence(connection)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits until the peer's kernel has taken every byte. No event tells of that.
    private func awaitAcknowledgement(
        of connection: CarbonConnection, until deadline: ContinuousClock.Instant
    ) throws(BackendsError) {
        var pauseMs: Int32 = 1
        while connection.unacknowledgedBytes != 0 {
            if let error = connection.socketError { throw failure(error) }
            try check(deadline, while: "the last bytes were not acknowledged")
            poll(nil, 0, pauseMs)
            pauseMs = min(pauseMs * 2, CarbonConnection.pollMs)
        }
    }

    private func awaitEnd(
        _ connection: CarbonConnection, until deadline: ContinuousClock.Instant
    ) throws(BackendsError) {
        while true {
            switch try connection.receive() {
            case .end: return
            case .bytes(let bytes): throw stranger(bytes)
            case .nothing: connection.wait()
            }
            try check(deadline, while: "the peer did not end the connection")
        }
    }

    /// Before our end there is nothing to read: what comes is no Carbon's, or an end that is too early.
    private func expectSilence(_ connection: CarbonConnection) throws(BackendsError) {
        switch try connection.receive() {
        case .nothing: return
        case .bytes(let bytes): throw stranger(bytes)
        case .end: throw failure(CarbonConnection.earlyEnd)
        }
    }

    private func check(
        _ deadline: ContinuousClock.Instant, while what: String
    ) throws(BackendsError) {
        if interrupt.isRaised {
            throw BackendsError(
                .interrupted, operation: "send to", subject: address.shown, cause: "interrupted")
        }
        if ContinuousClock.now >= deadline { throw failure("timed out while \(what)") }
    }

    private func failure(_ cause: String) -> BackendsError {
        BackendsError(.transient, operation: "send to", subject: address.shown, cause: cause)
    }

    private func stranger(_ bytes: [UInt8]) -> BackendsError {
        let plain = bytes.prefix(60).map { $0 < 32 || $0 > 126 ? 32 : $0 }
        let words = String(decoding: plain, as: UTF8.self)
        return BackendsError(
            .misconfigured, operation: "send to", subject: address.shown,
            cause: "what answers there is not Carbon, it says: \(words)",
            hint: "set address to Carbon's receiver of pickles, port 2004 by default")
    }

    private static func milliseconds(until instant: ContinuousClock.Instant) -> Int32 {
        let left = instant - .now
        return min(CarbonConnection.pollMs, max(1, Int32(clamping: left.nanoseconds / 1_000_000)))
    }
}
