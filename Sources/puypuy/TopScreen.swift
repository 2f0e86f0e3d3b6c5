internal import PuyPuyAgent

/// One screen of `puypuy top`: what is, and how fast it changes since the look before.
struct TopScreen {
    private let status: HostStatus
    private let before: HostStatus?
    private let interval: Double

    /// A screen of `status`; without a look before there are no rates.
    init(_ status: HostStatus, since before: HostStatus?, interval: Double) {
        self.status = status
        self.before = before
        self.interval = interval
    }

    /// The lines, as many as there is room for.
    func lines(columns: Int, rows: Int) -> [String] {
        let report = StatusReport(status)
        var lines = Self.split(report.head(columns)) + [""] + Self.split(backends(columns))
        let findings = status.findings.map { "! \($0.text)" }
        if !findings.isEmpty { lines += [""] + findings }
        let foot = Terminal.styled(
            "q quits, space looks at once; every \(Readable.duration(seconds: interval))", .faint)
        let checks = [""] + Self.split(checks(columns))
        let room = max(rows - 1 - lines.count, 0)
        if checks.count <= room {
            lines += checks
        } else if room > 3 {
            lines += checks.prefix(room - 1) + ["… \(checks.count - room + 1) more checks"]
        }
        return lines.prefix(max(rows - 1, 0)) + [foot]
    }

    private func backends(_ columns: Int) -> String {
        var table = Table([
            ("backend", .left), ("state", .left), ("collected/s", .right), ("delivered/s", .right),
            ("pending", .right), ("oldest", .right), ("dead", .right), ("next attempt", .right),
        ])
        for backend in status.backends {
            table.add([
                backend.name, backend.state.words, rate(backend, \.collected),
                rate(backend, \.delivered), Readable.count(backend.pending),
                backend.oldestPendingNs.map(Readable.age) ?? "-", Readable.count(backend.dead),
                backend.nextAttemptSeconds.map { "in " + Readable.duration(seconds: $0) } ?? "-",
            ])
        }
        return table.text(width: columns)
    }

    private func checks(_ columns: Int) -> String {
        var table = Table([
            ("check", .left), ("every", .right), ("last run", .right), ("took", .right),
            ("points", .right), ("runs", .right), ("failed", .right), ("last problem", .left),
        ])
        let ordered = status.checks.sorted { left, right in
            let (leftFails, rightFails) = (left.lastProblem != nil, right.lastProblem != nil)
            if leftFails != rightFails { return leftFails }
            if left.lastDurationNs != right.lastDurationNs {
                return left.lastDurationNs > right.lastDurationNs
            }
            return left.name < right.name
        }
        for check in ordered {
            table.add([
                check.name,
                check.interval.map { Readable.duration(seconds: $0 / .seconds(1)) } ?? "-",
                check.lastStartedNs.map { Readable.age(ns: $0) + " ago" } ?? "-",
                check.runs > 0 ? Readable.shortTime(ns: check.lastDurationNs) : "-",
                Readable.count(check.lastPoints), Readable.count(check.runs),
                Readable.count(check.failures), check.lastProblem ?? "",
            ])
        }
        return table.text(width: columns)
    }

    /// How fast a backend's books grow; `-` at the first look.
    private func rate(
        _ backend: BackendStatus, _ member: KeyPath<BackendStatus, Int64>
    ) -> String {
        guard let before, let earlier = before.backends.first(where: { $0.name == backend.name })
        else { return "-" }
        let seconds = Double(status.nowNs - before.nowNs) / 1e9
        let difference = backend[keyPath: member] - earlier[keyPath: member]
        // A clock that was set back, or books that began anew.
        guard seconds > 0, difference >= 0 else { return "-" }
        return Readable.decimal(Double(difference) / seconds, places: 1)
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
    }
}
