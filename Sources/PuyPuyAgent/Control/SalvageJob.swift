internal import PuyPuyCore
internal import PuyPuySpool
internal import Synchronization

/// A salvage that the daemon does for a command, and how far it is.
final class SalvageJob: Sendable {
    /// What became of it.
    enum State: Sendable {
        /// The part that is done, from 0 to 1.
        case running(Double)
        case done(Salvage)
        case failed(String)
    }

    /// Tells it from those before.
    let number: Int64
    let file: String
    private let current = Mutex(State.running(0))

    /// Begins to salvage `file` into `spool`.
    init(number: Int64, file: String, spool: Spool) {
        self.number = number
        self.file = file
        Task {
            let state: State
            do throws(SpoolError) {
                state = .done(
                    try await spool.salvage(file) { part in
                        self.current.withLock { $0 = .running(part) }
                    })
            } catch {
                state = .failed("\(error)")
            }
            current.withLock { $0 = state }
        }
    }

    var state: State { current.withLock { $0 } }

    /// As the control socket carries it.
    var json: String {
        var members = [("job", "\(number)"), ("file", JSONText.string(file))]
        switch state {
        case .running(let part): members.append(("progress", "\(part)"))
        case .done(let found): members.append(("found", found.json))
        case .failed(let words): members.append(("failed", JSONText.string(words)))
        }
        return JSONText.object(members)
    }
}
