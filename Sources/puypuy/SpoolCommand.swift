internal import ArgumentParser

/// `puypuy spool …`
struct SpoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spool", abstract: "Look into the spool, and send from it again.",
        subcommands: [InspectCommand.self, ReplayCommand.self])
}
