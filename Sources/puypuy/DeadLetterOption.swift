internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyCore
internal import PuyPuySpool

/// The option `--metric`, which chooses dead letters with the option `--backend`. That one is the
/// commands' own, since the names of backends are not completed for options of a group.
struct DeadLetterOption: ParsableArguments {
    /// The help of `--backend`.
    static let backendHelp = ArgumentHelp(
        "Only those of this backend, by its name.", valueName: "name")

    @Option(help: ArgumentHelp("Only metrics like this: 'cpu_*'.", valueName: "glob"))
    var metric: String?

    /// What the options mean.
    func filter(_ backend: String?) -> DeadLetterFilter {
        DeadLetterFilter(backend: backend, metric: metric.map { Glob($0) })
    }

    /// Does `action` with the letters of `backend` that are meant, and prints how many became what
    /// `words` say. Throws when some could not be settled.
    func settle(
        _ action: DeadLetterAction, of backend: String?, _ configuration: ConfigurationOption,
        _ words: (_ letters: Int64) -> String
    ) async throws {
        let settings = try configuration.load()
        let log = configuration.startLog(settings)
        defer { log.flush() }
        let settlements: [BackendControl.Settlement]
        do {
            settlements = try await BackendControl(settings).settle(action, filter(backend))
        } catch {
            throw Failure.failed("\(error)")
        }
        for settlement in settlements where settlement.letters > 0 {
            print("\(settlement.backend): \(words(settlement.letters))")
        }
        let problems = settlements.compactMap(\.problem)
        if problems.isEmpty && !settlements.contains(where: { $0.letters > 0 }) {
            print("there are no such dead letters")
        }
        for problem in problems { Terminal.error(problem) }
        if !problems.isEmpty { throw ExitCode(1) }
    }
}
