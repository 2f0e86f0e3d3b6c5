internal import ArgumentParser

/// `puypuy spool dead …`
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Look at the points that backends refused for good, and settle them.",
        subcommands: [DeadListCommand.self, DeadRetryCommand.self, DeadDiscardCommand.self])
}
