internal import PuyPuyAgent

/// The backends with their states, for people: a table, and what is wrong in full.
struct BackendReport {
    private let overview: BackendControl.Overview

    init(_ overview: BackendControl.Overview) { self.overview = overview }

    /// Text of `width` columns; only the words of a server may be longer.
    func text(width: Int) -> String {
        var table = Table([
            ("backend", .left), ("type", .left), ("state", .left), ("pending", .right),
            ("oldest", .right), ("dead", .right), ("next attempt", .right),
        ])
        for backend in overview.backends {
            table.add([
                backend.name, backend.type, backend.state.words,
                Readable.count(backend.pending), backend.oldestPendingNs.map(Readable.age) ?? "-",
                Readable.count(backend.dead),
                backend.nextAttemptSeconds.map { "in " + Readable.duration(seconds: $0) } ?? "-",
            ])
        }
        let notes = overview.backends.map(note).joined()
        let source =
            overview.withoutDaemon.map { "(\($0): this is what the spool holds)\n" } ?? ""
        return table.text(width: width) + notes + source
    }

    /// What went wrong with a backend and what to do; empty when nothing did.
    private func note(_ backend: BackendStatus) -> String {
        var text = ""
        if let error = backend.lastError {
            let age =
                backend.lastErrorAgeSeconds.map {
                    " " + Readable.duration(seconds: $0) + " ago"
                } ?? ""
            text += "\(backend.name): last error\(age): \(error)\n"
        }
        if let hint = backend.hint { text += "\(backend.name): what to do: \(hint)\n" }
        return text
    }
}
