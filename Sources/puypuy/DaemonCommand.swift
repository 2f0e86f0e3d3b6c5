internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy daemon`
struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "Collect and send, in the foreground, until SIGTERM or Ctrl-C.",
        discussion: """
            Runs in progress end or are cut, everything is committed, and a last delivery is tried,
            for at most shutdown_seconds. SIGHUP reads the configuration anew, as puypuy reload does;
            SIGUSR1 opens the log file anew.

            Under systemd it tells that it is ready, how it is doing and that it is alive
            (Type=notify, WatchdogSec=).

            EXAMPLES:
              puypuy daemon
              puypuy daemon --config /etc/puypuy/config.ini
            """)

    @Option(
        help: ArgumentHelp(
            "The log goes to this file when log_file is empty.", valueName: "path"))
    var logFile: String?

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        EarlySignals.keep()
        let settings = try configurationOption.load(showsNotices: true)
        var look = LogConfiguration(settings)
        let file = logFile.map { SettingsLocation($0).path }
        look.file = look.file ?? file
        let log = LogOutput(look)
        log.bootstrap()
        do {
            try await Daemon(settings: settings, log: log, logFile: file).run()
        } catch {
            throw Failure.failed("\(error)")
        }
    }
}
