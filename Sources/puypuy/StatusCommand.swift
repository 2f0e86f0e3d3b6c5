internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show on one screen how the daemon, its checks and its backends are doing.",
        discussion: """
            The daemon tells; without one, the spool's file does.

            EXIT CODES: 0 healthy; 1 degraded: the daemon runs, and what it prints under "to do" needs
            an eye; 2 usage or configuration; 3 no daemon runs; 4 this user may not know.

            EXAMPLES:
              puypuy status
              puypuy status --json
              puypuy status >/dev/null || echo "look at PuyPuy"
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var configurationOption: ConfigurationOption

    func run() throws {
        let (settings, hasErrors) = try configurationOption.loadReadableNotingErrors()
        let status: HostStatus
        do {
            status = try HostStatus(settings)
        } catch {
            throw Failure(description: "\(error)", code: 4)
        }
        if json {
            Terminal.write(status.json + "\n")
        } else {
            Terminal.write(StatusReport(status).text(width: Terminal.width))
        }
        if status.health == .down && hasErrors {
            throw Failure.misused("no daemon runs, and none would start with this configuration")
        }
        if status.health != .healthy { throw ExitCode(status.health.exitCode) }
    }
}
