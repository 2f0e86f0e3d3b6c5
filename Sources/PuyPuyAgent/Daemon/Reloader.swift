internal import Logging
internal import PuyPuyBackends
internal import PuyPuySpool

/// Reads the configuration anew and puts it in effect, part by part, while the daemon collects.
///
/// A configuration with an error changes nothing. Reloads follow one another.
actor Reloader {
    /// The parts of the daemon that a configuration reaches.
    struct Parts: Sendable {
        var spool: Spool
        var collection: Collection
        var senders: SendersService
        var web: WebService
        var source: DaemonSource
        var pidFile: PidFile
        var log: LogOutput
        /// The log file while the configuration names none.
        var logFile: String?
        var notifier: ServiceNotifier
    }

    private var settings: Settings
    private let parts: Parts
    private let logger = Logger(label: "daemon")
    private var latest: Task<ReloadResult, Never>?

    /// Reloads what `settings` started, `parts`.
    init(_ settings: Settings, _ parts: Parts) {
        self.settings = settings
        self.parts = parts
    }

    /// Reads the configuration and puts it in effect. What came of it is logged, too.
    func reload() async -> ReloadResult {
        let task = Task { [latest] in
            _ = await latest?.value
            parts.notifier.reloading()
            let result = await reloadOnce()
            parts.notifier.ready()
            tell(result)
            return result
        }
        latest = task
        return await task.value
    }

    private func reloadOnce() async -> ReloadResult {
        var result = ReloadResult()
        let (loaded, problems) = Settings.load(
            from: SettingsLocation(settings.configurationPath), checks: CheckSet.builtIn)
        let told = problems.filter {
            loaded == nil ? $0.severity == .error : $0.severity != .notice
        }
        result.problems = told.lines
        guard let loaded else {
            result.refusal = "the configuration cannot be used; the one before stays in effect"
            return result
        }
        do {
            let senders = try newSenders(loaded)
            try await changeSpool(to: loaded)
            await parts.senders.change(to: senders)
        } catch {
            result.problems.append("\(error)")
            result.refusal = "the new configuration cannot be put in effect"
            return result
        }
        result.changes = Self.backendChanges(from: settings, to: loaded)
        let checks = await parts.collection.change(to: loaded)
        for (word, names) in [
            ("added", checks.added), ("removed", checks.removed), ("changed", checks.changed),
        ] where !names.isEmpty {
            result.changes.append("checks \(word): \(names.joined(separator: ", "))")
        }
        await applyRest(loaded, &result)
        result.needsRestart = Self.keysThatWait(from: settings, to: loaded)
        var running = loaded
        // What waits for a restart stays what it is, so that the next reload tells of it again.
        running.spool.path = settings.spool.path
        running.shutdownTime = settings.shutdownTime
        settings = running
        return result
    }

    /// The limits and the destinations; when it throws, both are as before.
    private func changeSpool(to loaded: Settings) async throws(SpoolError) {
        try await parts.spool.change(loaded.spool)
        if loaded.destinations == settings.destinations { return }
        do {
            try await parts.spool.configure(loaded.destinations)
        } catch {
            try? await parts.spool.change(settings.spool)
            throw error
        }
    }

    /// The senders of `loaded`; throws what keeps one of its backends from ever working.
    private func newSenders(_ loaded: Settings) throws -> [BackendSender] {
        var loaded = loaded
        loaded.spool.path = settings.spool.path
        return try BackendSender.all(loaded, spool: parts.spool, starts: parts.collection.starts)
    }

    /// The log, the pid file, the web server, and the spool's limits, which are in effect already.
    private func applyRest(_ loaded: Settings, _ result: inout ReloadResult) async {
        var before = LogConfiguration(settings)
        var now = LogConfiguration(loaded)
        before.file = before.file ?? parts.logFile
        now.file = now.file ?? parts.logFile
        if now != before {
            parts.log.reconfigure(now)
            result.changes.append(
                "the log: level \(now.level), \(now.file ?? "standard error")")
        }
        if loaded.pidFile != settings.pidFile {
            do {
                try parts.pidFile.move(to: loaded.pidFile)
                result.changes.append("pid_file: \(loaded.pidFile ?? "none")")
            } catch {
                result.problems.append(error.description)
            }
        }
        if loaded.web != settings.web {
            result.changes.append(
                "the web server: \(loaded.web.isEnabled ? loaded.web.address : "off")")
            if let problem = await parts.web.change(to: loaded.web) {
                result.problems.append("the web server at \(loaded.web.address) \(problem)")
            }
        }
        var spool = loaded.spool
        spool.path = settings.spool.path
        if spool != settings.spool { result.changes.append("the limits of the spool") }
        await parts.source.change(to: loaded, spoolPath: settings.spool.path)
    }

    private static func backendChanges(from before: Settings, to after: Settings) -> [String] {
        func differing(
            _ one: Settings, _ other: Settings, where isWanted: (BackendConfiguration?) -> Bool
        ) -> [String] {
            one.backends.filter { backend in
                isWanted(other.backends.first { $0.name == backend.name })
            }.map(\.name)
        }
        let known = Set(before.backends)
        let lists = [
            ("added", differing(after, before) { $0 == nil }),
            ("removed", differing(before, after) { $0 == nil }),
            (
                "changed",
                after.backends.filter { backend in
                    !known.contains(backend) && before.backends.contains { $0.name == backend.name }
                }.map(\.name)
            ),
        ]
        return lists.filter { !$0.1.isEmpty }.map {
            "backends \($0.0): \($0.1.joined(separator: ", "))"
        }
    }

    /// The keys that take effect only with a start.
    private static func keysThatWait(from before: Settings, to after: Settings) -> [String] {
        var keys: [String] = []
        if before.spool.path != after.spool.path { keys.append(SelfConfigKey.spoolPath.name) }
        if before.shutdownTime != after.shutdownTime {
            keys.append(SelfConfigKey.shutdownSeconds.name)
        }
        return keys
    }

    private func tell(_ result: ReloadResult) {
        for problem in result.problems { logger.warning("\(problem)") }
        if let refusal = result.refusal {
            logger.error("not reloaded: \(refusal)", metadata: ["hint": "puypuy config check"])
            return
        }
        var metadata: Logger.Metadata = [
            "changes": "\(result.changes.isEmpty ? "none" : result.changes.joined(separator: "; "))"
        ]
        if !result.needsRestart.isEmpty {
            metadata["needs_restart"] = "\(result.needsRestart.joined(separator: " "))"
        }
        logger.notice("the configuration is reloaded", metadata: metadata)
    }
}
