internal import ArgumentParser

/// `puypuy backend …`
struct BackendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backend", abstract: "Look at the destinations of the points, and try them.",
        subcommands: [BackendTestCommand.self])
}
