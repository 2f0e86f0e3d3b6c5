internal import ArgumentParser

/// `puypuy spool …`
struct SpoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spool",
        abstract: "Look into the spool, check it, write out what it holds, and send from it again.",
        subcommands: [
            InspectCommand.self, VerifyCommand.self, QueryCommand.self, ExportCommand.self,
            ReplayCommand.self, DeadCommand.self, SalvageCommand.self,
        ])
}
