internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy reload`
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Let the running daemon read its configuration anew.",
        discussion: """
            A configuration that cannot be used changes nothing: the daemon goes on as before, and
            what is wrong is printed; exit code 1. SIGHUP does the same and says it in the log.

            Intervals, checks, scripts, backends, tags, the log, the web server and the limits of the
            spool take effect at once, and no point is lost. What needs a restart is named.

            EXAMPLES:
              puypuy config check && puypuy reload
            """)

    @OptionGroup var configurationOption: ConfigurationOption

    func run() throws {
        // The daemon reads the file itself; here it only has to be found, by the spool it names.
        let settings = try configurationOption.loadReadable()
        try Self.reload(settings)
    }

    /// Lets the daemon of `settings` reload, and prints what came of it.
    static func reload(_ settings: Settings) throws {
        let result: ReloadResult
        do {
            result = try DaemonProcess(settings).reload()
        } catch {
            throw Failure.failed("not reloaded: \(error)")
        }
        for problem in result.problems { Terminal.errorText(problem) }
        if let refusal = result.refusal { throw Failure.failed("not reloaded: \(refusal)") }
        Terminal.write(result.changes.isEmpty ? "reloaded; nothing changed\n" : "reloaded\n")
        for change in result.changes { Terminal.write("  \(change)\n") }
        if !result.needsRestart.isEmpty {
            Terminal.write(
                "  needs a restart: \(result.needsRestart.joined(separator: ", "))\n")
        }
    }
}
