internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy daemon`
struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "Collect and send, in the foreground, until SIGTERM or Ctrl-C.",
        discussion: """
            Runs in progress end or are cut, everything is committed, and a last delivery is tried,
            for at most shutdown_seconds. SIGHUP opens the log file anew.

            EXAMPLES:
              puypuy daemon
              puypuy daemon --config /etc/puypuy/config.ini
            """)

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        let settings = try configurationOption.load(showsNotices: true)
        let log = LogOutput(LogConfiguration(settings))
        log.bootstrap()
        do {
            try await Daemon(settings: settings, log: log).run()
        } catch {
            throw Failure.failed("\(error)")
        }
    }
}
