internal import Glibc

/// Wakes a thread that waits in poll(2): a pipe with a byte in it.
final class Wakeup: Sendable {
    /// What to poll for reading.
    let descriptor: CInt
    private let writing: CInt

    /// One that is not raised.
    init() throws(ChecksError) {
        (descriptor, writing) = try PipeEnd.pair(keepsReading: true)
        _ = fcntl(writing, F_SETFL, fcntl(writing, F_GETFL) | O_NONBLOCK)
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    /// Makes the descriptor readable, until ``clear()``. From any thread; a pipe that is full is
    /// raised already.
    func raise() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    /// Takes note.
    func clear() { _ = PipeEnd.read(descriptor, limit: 4096) }
}
