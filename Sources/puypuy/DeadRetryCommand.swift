internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy spool dead retry`
struct DeadRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Send the points of dead letters again, to the backend that refused them.",
        discussion: """
            For when the cause is gone: the type of a field, a limit, a permission. The points are
            pending again; what the backend refuses once more becomes a dead letter once more. The
            daemon sends them at once; without one, they are sent when it starts.

            EXAMPLES:
              puypuy spool dead retry
              puypuy spool dead retry --backend influx --metric 'cpu_*'
            """)

    @Option(help: DeadLetterOption.backendHelp, completion: BackendNames.known)
    var backend: String?

    @OptionGroup var letters: DeadLetterOption

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        try await letters.settle(.retry, of: backend, configurationOption) { letters in
            "\(Readable.count(letters)) point\(letters == 1 ? " is" : "s are") pending again"
        }
    }
}
