internal import PuyPuyCore

extension HostStatus {
    /// The part of the cap from which a backlog is near to losing points.
    private static let nearlyFull = 0.9

    /// Everything that needs an eye, what is worst first.
    public var findings: [Finding] {
        // What the last daemon left says little of the next one.
        if case .isDown = daemon { return daemonFindings + spoolFindings }
        return daemonFindings + spoolFindings + backends.compactMap(finding) + checkFindings
    }

    private var daemonFindings: [Finding] {
        switch daemon {
        case .isDown(let leftover):
            return [
                Finding(
                    text: "no daemon runs: nothing is collected"
                        + (leftover.map { "; \($0)" } ?? ""),
                    hint: "puypuy start, or systemctl start puypuy")
            ]
        case .isSilent(let process, let cause):
            return [
                Finding(
                    text: "the daemon, process \(process), gives no answer: \(cause)",
                    hint: "it may be starting or ending; else see its log")
            ]
        case .answers(let status):
            var found: [Finding] = []
            if let trouble = status.trouble {
                found.append(Finding(text: "the spool cannot commit: \(trouble)"))
            }
            if status.bufferedPoints > 0 {
                found.append(
                    Finding(
                        text:
                            "\(status.bufferedPoints) points wait in memory, and are lost with the"
                            + " process"))
            }
            if status.checks.isEmpty {
                found.append(
                    Finding(
                        text: "nothing is collected: no check is enabled",
                        hint: "puypuy check enable NAME"))
            }
            return found
        }
    }

    private var spoolFindings: [Finding] {
        var found: [Finding] = []
        if let spoolProblem {
            found.append(Finding(text: "the spool cannot be read: \(spoolProblem)"))
        }
        found += damagedSpools.map { path in
            Finding(
                text: "the spool was damaged, and moved aside: \(path)",
                hint:
                    "puypuy spool salvage \(path); delete it, its -wal and its -shm when it is not"
                    + " needed any more")
        }
        let isBehind = backends.contains { $0.pending > 0 && $0.state != .flowing }
        if isBehind && Double(spoolBytes) > Double(maxBytes) * Self.nearlyFull {
            found.append(
                Finding(
                    text: "the spool is nearly full, and backends do not take its points",
                    hint: "raise spool_max_mb, or see to the backends; overflow says what goes"))
        }
        if let freeBytes, freeBytes < minFreeBytes {
            found.append(
                Finding(
                    text: "the file system of the spool has less left than spool_min_free_mb",
                    hint: "make room there; until then the spool does not grow"))
        }
        return found
    }

    private func finding(_ backend: BackendStatus) -> Finding? {
        switch backend.state {
        case .backingOff, .holding:
            return Finding(
                text: "backend \(backend.name) is \(backend.state.words): "
                    + (backend.lastError ?? "no request was accepted"),
                hint: backend.hint)
        case .removed where backend.pending > 0:
            return Finding(
                text: "backend \(backend.name) is configured no more, and points wait for it",
                hint: backend.hint)
        default: return nil
        }
    }

    private var checkFindings: [Finding] {
        let failing = checks.compactMap { check in
            check.lastProblem.map { Finding(text: "check \(check.name) failed: \($0)") }
        }
        guard case .answers = daemon else { return failing }
        return failing
            + checks.compactMap { check -> Finding? in
                guard check.state == .late, let late = check.lateBy else { return nil }
                return Finding(
                    text: "check \(check.name) is late by \(late.components.seconds) s",
                    hint: "puypuy check run \(check.name)")
            }
    }
}

// For programs.
extension HostStatus {
    /// The status as `puypuy status --json` prints it.
    public var json: String {
        JSONText.object([
            ("state", JSONText.string(health.rawValue)), ("exit_code", "\(health.exitCode)"),
            ("daemon", daemonJSON),
            (
                "spool",
                JSONText.object([
                    ("path", JSONText.string(spoolPath)), ("bytes", "\(spoolBytes)"),
                    ("max_bytes", "\(maxBytes)"), ("free_bytes", JSONText.optional(freeBytes)),
                    ("min_free_bytes", "\(minFreeBytes)"),
                ])
            ),
            ("collected_points", "\(collectedPoints)"),
            ("backends", JSONText.array(backends.map(\.json))),
            ("checks", JSONText.array(checks.map(\.json))),
            (
                "findings",
                JSONText.array(
                    findings.map { finding in
                        JSONText.object([
                            ("text", JSONText.string(finding.text)),
                            ("hint", JSONText.optional(finding.hint)),
                        ])
                    })
            ),
        ])
    }

    private var daemonJSON: String {
        switch daemon {
        case .isDown: "null"
        case .isSilent(let process, let cause):
            JSONText.object([
                ("pid", "\(process)"), ("answers", "false"), ("cause", JSONText.string(cause)),
            ])
        case .answers(let status):
            JSONText.object([
                ("pid", "\(status.process)"), ("answers", "true"),
                ("version", JSONText.string(status.version)),
                ("host", JSONText.string(status.host)),
                ("uptime_seconds", "\(status.uptimeSeconds)"),
                ("buffered_points", "\(status.bufferedPoints)"),
                ("trouble", JSONText.optional(status.trouble)),
            ])
        }
    }
}
