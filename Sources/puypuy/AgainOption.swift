internal import ArgumentParser

/// The option `--again`: two runs, so that counters give rates.
struct AgainOption: ParsableArguments {
    @Option(
        name: .customLong("again"),
        help: ArgumentHelp(
            "Run twice, so many seconds apart, so that rates show.", valueName: "seconds"))
    var seconds: Double?

    /// The time between the two runs; `nil` for one run.
    var pause: Duration? { seconds.map { .seconds($0) } }

    func validate() throws {
        if let seconds, !(seconds > 0 && seconds <= 3600) {
            throw ValidationError("--again takes a number of seconds, over 0 and up to 3600.")
        }
    }
}
