internal import ArgumentParser
internal import Glibc
internal import PuyPuyAgent

/// The command `puypuy`.
@main
struct PuyPuy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "puypuy",
        abstract: "Collects metrics of this host and gets every one of them to a database.",
        discussion: """
            Points go into a spool on disk first. They leave it when the database has confirmed
            them, so outages, crashes and reboots lose nothing.

            EXAMPLES:
              puypuy start                             collect and send, in the background
              puypuy status                            how it is going; exit code 0 when well
              puypuy daemon                            collect and send, in the foreground
              puypuy once                              collect once and print the points
              puypuy config check                      find every mistake in config.ini
              puypuy backend test                      try the way to every database
              puypuy spool inspect                     what was collected, and what is pending
              puypuy spool replay --backend influx --since 24h
                                                       send the last day again

            EXIT CODES: 0 done, 1 failed, 2 usage or configuration, 3 no daemon runs (status).
            """,
        version: "puypuy \(Version.current)",
        subcommands: [
            StartCommand.self, StopCommand.self, RestartCommand.self, ReloadCommand.self,
            StatusCommand.self, TopCommand.self, DaemonCommand.self, OnceCommand.self,
            CheckCommand.self, ConfigCommand.self, BackendCommand.self, SpoolCommand.self,
            ImportCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            end(0)
        } catch let error as Failure {
            Terminal.error(error.description)
            end(error.code)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                print(text)
                end(0)
            }
            if let code = error as? ExitCode { end(code.rawValue) }
            Terminal.errorText(text)
            end(code == .validationFailure ? 2 : 1)
        }
    }

    /// Ends the process at once. exit(3) lets libraries clean up first, OpenSSL among them, while threads
    /// that have used them are still on their way out: now and then one of them met freed memory.
    private static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }
}

/// Why a command ends, with its exit code.
struct Failure: Error, CustomStringConvertible {
    let description: String
    let code: Int32

    /// The command failed: exit code 1.
    static func failed(_ description: String) -> Failure {
        Failure(description: description, code: 1)
    }

    /// The usage or the configuration is wrong: exit code 2.
    static func misused(_ description: String) -> Failure {
        Failure(description: description, code: 2)
    }
}
