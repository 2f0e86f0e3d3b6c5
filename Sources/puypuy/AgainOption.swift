internal import ArgumentParser

/// The option `--again`: two runs, so that counters give rates.
struct AgainOption: ParsableArguments {
    @Option(
        name: .customLong("again"),
        help: ArgumentHelp(
            "Run twice, so many seconds apart, so that rates show.", valueName: "seconds"))
    var span: Pause?

    /// The time between the two runs; `nil` for one run.
    var pause: Duration? { span.map { .seconds($0.seconds) } }

    /// Seconds, or a span with units: `2`, `0.5`, `2s`, `1m`.
    struct Pause: ExpressibleByArgument {
        let seconds: Double

        init?(argument: String) {
            guard let seconds = Double(argument) ?? SpanArgument(argument: argument)?.seconds else {
                return nil
            }
            self.seconds = seconds
        }
    }

    func validate() throws {
        if let seconds = span?.seconds, !(seconds > 0 && seconds <= 3600) {
            throw ValidationError("--again takes a number of seconds, over 0 and up to 3600.")
        }
    }
}
