internal import PuyPuyCore
public import PuyPuySpool

/// What can be done with dead letters.
public enum DeadLetterAction: String, Sendable, Hashable, CaseIterable {
    /// Their points are pending again.
    case retry
    /// They are deleted.
    case discard
}

extension BackendControl {
    /// What became of the dead letters of one backend.
    public struct Settlement: Sendable {
        /// The backend's name.
        public var backend: String
        /// The letters that were settled. That is durable.
        public var letters: Int64
        /// Why the others were not, as a clause.
        public var problem: String?
    }

    /// Does `action` with the dead letters that there are now and that `filter` means: backend by
    /// backend, part by part.
    ///
    /// Through the daemon while it runs, which sends what is retried at once; else with the spool's
    /// lock. Throws when there is no spool to read.
    public func settle(
        _ action: DeadLetterAction, _ filter: DeadLetterFilter
    ) async throws(SpoolError) -> [Settlement] {
        let reader = try SpoolReader(path: spoolPath)
        let newest = try reader.newestDeadLetter()
        let all = try reader.backendsWithDeadLetters()
        let names = filter.backend.map { [$0] } ?? all
        var settlements: [Settlement] = []
        for name in names {
            var settlement = Settlement(backend: name, letters: 0)
            var part: DeadLetterPart? = DeadLetterPart(
                backend: name, metric: filter.metric, last: newest)
            do {
                while let next = part {
                    let progress = try await settle(action, next)
                    settlement.letters += progress.letters
                    part?.after = progress.after ?? 0
                    if progress.after == nil { part = nil }
                }
            } catch {
                settlement.problem = "\(error)"
            }
            settlements.append(settlement)
        }
        return settlements
    }

    private func settle(
        _ action: DeadLetterAction, _ part: DeadLetterPart
    ) async throws -> DeadLetterProgress {
        try await throughDaemonOrLock { client throws(ControlError) in
            try client.settle(action, part)
        } stored: { spool in
            try await spool.settle(action, part)
        }
    }
}

extension Spool {
    /// Does `action` with `part`.
    func settle(
        _ action: DeadLetterAction, _ part: DeadLetterPart
    ) throws(SpoolError) -> DeadLetterProgress {
        switch action {
        case .retry: try retryDeadLetters(part)
        case .discard: try discardDeadLetters(part)
        }
    }
}

// As the control socket carries them.
extension DeadLetterPart {
    var json: String {
        JSONText.object([
            ("backend", JSONText.string(backend)),
            ("metric", JSONText.optional(metric.map { "\($0)" })),
            ("after", "\(after)"), ("last", "\(last)"),
        ])
    }

    /// Reads ``json``; `nil` when it is something else.
    init?(_ json: JSONValue) {
        guard case .object(let members) = json, let backend = json["backend"]?.string,
            Set(members.keys).isSubset(of: ["backend", "metric", "after", "last"])
        else { return nil }
        self.init(backend: backend)
        switch json["metric"] {
        case .string(let pattern)?: metric = Glob(pattern)
        case .null?, nil: break
        default: return nil
        }
        for (name, place) in [("after", \DeadLetterPart.after), ("last", \.last)] {
            guard let member = json[name] else { continue }
            guard let number = member.integer else { return nil }
            self[keyPath: place] = number
        }
    }
}

extension DeadLetterProgress {
    var json: String {
        JSONText.object([("letters", "\(letters)"), ("after", JSONText.optional(after))])
    }
}
