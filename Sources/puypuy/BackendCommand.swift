internal import ArgumentParser

/// `puypuy backend …`
struct BackendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backend",
        abstract: "Look at the destinations of the points, try them, and forget them.",
        subcommands: [
            BackendListCommand.self, BackendTestCommand.self, BackendRetryCommand.self,
            BackendForgetCommand.self,
        ])
}
