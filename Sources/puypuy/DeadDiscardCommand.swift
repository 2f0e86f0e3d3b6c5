internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy spool dead discard`
struct DeadDiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Delete dead letters.",
        discussion: """
            The books go on counting their points as dead. There is no way back, therefore --yes. The
            daemon may run or not.

            EXAMPLES:
              puypuy spool dead discard --yes
              puypuy spool dead discard --backend influx --metric 'cpu_*' --yes
            """)

    @Option(help: DeadLetterOption.backendHelp, completion: BackendNames.known)
    var backend: String?

    @OptionGroup var letters: DeadLetterOption

    @Flag(help: "Do it.")
    var yes = false

    @OptionGroup var configurationOption: ConfigurationOption

    func validate() throws {
        if !yes { throw ValidationError("Discarding cannot be undone; say --yes.") }
    }

    func run() async throws {
        try await letters.settle(.discard, of: backend, configurationOption) { letters in
            "\(Readable.count(letters)) dead letter\(letters == 1 ? " is" : "s are") discarded"
        }
    }
}
