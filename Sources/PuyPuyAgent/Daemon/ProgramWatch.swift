internal import Logging
internal import PuyPuyChecks
internal import ServiceLifecycle

/// Looks every few seconds whether Python modules, resident programs and scripts came or went, and
/// whether the modules' settings changed. What a module's own file holds is the Python host's to
/// notice.
struct ProgramWatch: Service {
    /// How often it looks.
    static let period = Duration.seconds(3)

    let collection: Collection
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var seen = Self.fingerprint(of: await collection.currentSettings)
            while true {
                try await Task.sleep(for: Self.period)
                await look(&seen)
            }
        }
    }

    private func look(_ seen: inout [String: String]) async {
        let settings = await collection.currentSettings
        let fingerprint = Self.fingerprint(of: settings)
        guard fingerprint != seen else { return }
        seen = fingerprint
        let (loaded, problems) = Settings.load(
            from: SettingsLocation(settings.configurationPath), checks: CheckSet.builtIn)
        guard let loaded else {
            for problem in problems where problem.severity == .error {
                logger.warning("\(problem.description)")
            }
            logger.warning(
                "changes in checks_dir are not taken over: the configuration cannot be used",
                metadata: ["hint": "puypuy config check"])
            return
        }
        let change = await collection.changePrograms(to: loaded)
        if change.isEmpty { return }
        logger.notice("programs and scripts changed", metadata: change.metadata)
    }

    /// What tells that something in the folders may have changed. Modules only count with their
    /// names.
    private static func fingerprint(of settings: Settings) -> [String: String] {
        [settings.checksDirectory, settings.scriptsDirectory].reduce(into: [:]) { found, folder in
            for name in (try? SettingsFolder.names(in: folder)) ?? [] {
                guard name.hasPrefix("check_") else { continue }
                let path = "\(folder)/\(name)"
                found[path] = name.hasSuffix(".py") ? "" : CheckIdentity.file(path)
            }
        }
    }
}

extension Collection.Change {
    /// The change as pairs of the log.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        let runs = (added + changed).sorted()
        if !runs.isEmpty { metadata["runs"] = "\(runs.joined(separator: " "))" }
        if !removed.isEmpty { metadata["removed"] = "\(removed.joined(separator: " "))" }
        return metadata
    }
}
