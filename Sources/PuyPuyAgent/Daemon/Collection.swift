internal import Logging
internal import PuyPuyChecks

/// The checks that run at the moment, and how they change: by a reload, or because programs came or
/// went. A check that stays as it is runs on undisturbed; one that changes lets its run end first.
actor Collection {
    /// What came of a change, names in order.
    struct Change: Sendable, Hashable {
        var added: [String] = []
        var removed: [String] = []
        var changed: [String] = []

        var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
    }

    private let scheduler: Scheduler
    private let own: OwnHealthCheck.Parts
    private let values: LastValues
    private let logger: Logger
    private var settings: Settings
    private var set: CheckSet
    /// The change that began last: one follows the other.
    private var latest: Task<Change, Never>?

    /// The checks of `set`, which `settings` made and `scheduler` runs.
    init(
        _ settings: Settings, _ set: CheckSet, scheduler: Scheduler, own: OwnHealthCheck.Parts,
        values: LastValues, logger: Logger
    ) {
        self.settings = settings
        self.set = set
        self.scheduler = scheduler
        self.own = own
        self.values = values
        self.logger = logger
    }

    /// When checks start.
    nonisolated var starts: RunStarts { scheduler.starts }

    /// The settings that the checks were made from.
    var currentSettings: Settings { settings }

    /// Goes over to the checks of `wanted`. Runs in progress end as they began.
    func change(to wanted: Settings) async -> Change { await change { _ in wanted } }

    /// Takes over from `loaded` only what the folders of checks and scripts hold that needs no
    /// reload: Python modules, resident programs and scripts.
    func changePrograms(to loaded: Settings) async -> Change {
        await change { current in
            var wanted = current
            wanted.programs = loaded.programs
            wanted.python.options = loaded.python.options
            return wanted
        }
    }

    private func change(
        _ wanted: @escaping @Sendable (Settings) -> Settings
    ) async -> Change {
        let task = Task { [latest] in
            _ = await latest?.value
            return await apply(wanted(settings))
        }
        latest = task
        return await task.value
    }

    private func apply(_ wanted: Settings) async -> Change {
        // A name server that does not answer now must not give all series another host.
        let isSameKind = wanted.usesShortHostname == settings.usesShortHostname
        let next = CheckSet.make(
            wanted, own: own, pythonHost: set.pythonHost,
            hostName: isSameKind ? set.hostName : nil, logger: Logger(label: "check"))
        let before = set.identities
        let known = Set(set.problems)
        (settings, set) = (wanted, next)
        for problem in next.problems where !known.contains(problem) { logger.warning("\(problem)") }
        await next.pythonHost?.change(next.pythonConfiguration(wanted))
        let replaced = before.filter { next.identities[$0.key] != $0.value }
        let started = next.checks.filter { before[$0.name] != next.identities[$0.name] }
        for check in started { values.expect(check.name, every: check.interval) }
        await scheduler.change(
            removing: Set(replaced.keys), adding: started, baseTags: next.baseTags)
        var change = Change()
        for check in started {
            if before[check.name] == nil {
                change.added.append(check.name)
            } else {
                change.changed.append(check.name)
            }
        }
        change.removed = replaced.keys.filter { next.identities[$0] == nil }.sorted()
        change.added.sort()
        change.changed.sort()
        return change
    }
}
