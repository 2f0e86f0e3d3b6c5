internal import PuyPuyAgent

/// How PuyPuy is doing on this host, for people: a screen of 80 columns and more.
struct StatusReport {
    private let status: HostStatus

    init(_ status: HostStatus) { self.status = status }

    /// The whole screen. Only what failed, in the words of servers and checks, may be longer than
    /// `width`.
    func text(width: Int) -> String {
        [head(width), backends(width), checks, findings].filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    /// The daemon, the spool, and how many points there were.
    func head(_ width: Int) -> String {
        var text = state + "\n"
        switch status.daemon {
        case .answers(let daemon):
            text +=
                "daemon  \(daemon.version) on \(daemon.host), process \(daemon.process), up "
                + Readable.duration(seconds: Double(daemon.uptimeSeconds)) + "\n"
        case .isSilent(let process, _): text += "daemon  process \(process), gives no answer\n"
        case .isDown: text += "daemon  does not run\n"
        }
        text +=
            "spool   \(status.spoolPath)\n        \(Readable.bytes(status.spoolBytes)) of at most"
            + " \(Readable.bytes(status.maxBytes))"
        if let free = status.freeBytes { text += ", \(Readable.bytes(free)) free on its disk" }
        return text + "\npoints  \(Readable.count(status.collectedPoints)) collected\n"
    }

    /// Every backend with its books.
    func backends(_ width: Int) -> String {
        if status.backends.isEmpty { return "" }
        var table = Table([
            ("backend", .left), ("state", .left), ("delivered", .right), ("pending", .right),
            ("oldest", .right), ("dead", .right), ("expired", .right), ("last error", .right),
        ])
        for backend in status.backends {
            let age = backend.lastErrorAgeSeconds.map { Readable.duration(seconds: $0) + " ago" }
            table.add([
                backend.name, backend.state.words, Readable.count(backend.delivered),
                Readable.count(backend.pending),
                backend.oldestPendingNs.map(Readable.age) ?? "-", Readable.count(backend.dead),
                Readable.count(backend.expired), age ?? "-",
            ])
        }
        return table.text(width: width)
    }

    private var checks: String {
        let failing = status.checks.filter { $0.lastProblem != nil }
        var text = "checks  \(status.checks.count) enabled"
        if !status.checks.isEmpty {
            text += failing.isEmpty ? ", all good" : ", \(failing.count) failing"
        }
        return text + "\n"
    }

    private var findings: String {
        let findings = status.findings
        if findings.isEmpty { return "" }
        var text = Terminal.styled("to do", .bold) + "\n"
        for finding in findings {
            text += "- \(finding.text)\n"
            if let hint = finding.hint { text += "  what to do: \(hint)\n" }
        }
        return text
    }

    /// `puypuy is healthy`, in its colour.
    private var state: String {
        let style: Terminal.Style =
            switch status.health {
            case .healthy: .green
            case .degraded: .yellow
            case .down: .red
            }
        return "puypuy is " + Terminal.styled(status.health.rawValue, style)
    }
}
