internal import PuyPuySender
internal import Synchronization

/// The senders that deliver at the moment, for those who show or wake them. Safe from any thread.
final class SenderRoster: Sendable {
    private let current: Mutex<[Sender]>

    /// A roster that begins with `senders`.
    init(_ senders: [Sender] = []) { current = Mutex(senders) }

    /// The senders, in the order of the configuration.
    var senders: [Sender] { current.withLock { $0 } }

    /// The status of each.
    var boards: [SenderBoard] { senders.map(\.board) }

    /// The sender of `backend`; `nil` when there is none.
    func sender(of backend: String) -> Sender? {
        senders.first { $0.board.current.backend == backend }
    }

    /// From now on these are the senders.
    func replace(_ senders: [Sender]) { current.withLock { $0 = senders } }

    /// There may be something to deliver.
    func wake() {
        for sender in senders { sender.wake() }
    }
}
