internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy start`
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start the daemon in the background, and wait until it is ready.",
        discussion: """
            It runs in a session of its own and logs to log_file, or without one to puypuy.log beside
            the spool. A pid file that a killed daemon left behind is replaced. When one runs already,
            that is said, and the exit code is 0.

            Under systemd use systemctl start puypuy: it restarts a daemon that was killed.

            EXAMPLES:
              puypuy start
              puypuy start --config /etc/puypuy/config.ini
            """)

    @Option(help: ArgumentHelp("How long to wait for it.", valueName: "seconds"))
    var wait: Double = 60

    @OptionGroup var configurationOption: ConfigurationOption

    func validate() throws {
        guard wait > 0, wait <= 86_400 else {
            throw ValidationError("--wait takes seconds, more than 0")
        }
    }

    func run() async throws {
        let settings = try configurationOption.load(showsNotices: true)
        let process = DaemonProcess(settings)
        do {
            if let running = try process.id() {
                Terminal.write("the daemon runs already, process \(running)\n")
                return
            }
        } catch {
            throw Failure.failed("\(error)")
        }
        try Self.launch(settings, wait: wait)
    }

    /// Starts the daemon of `settings`, when none runs.
    static func launch(_ settings: Settings, wait: Double) throws {
        if let stale = DaemonProcess(settings).staleFile() {
            Terminal.errorText("\(stale); it is replaced")
        }
        let launcher = DaemonLauncher(settings)
        // A large spool may take a moment.
        if Terminal.showsProgress { Terminal.errorStatus("starting …") }
        let outcome = launcher.launch(within: .seconds(wait))
        if Terminal.showsProgress { Terminal.errorStatus("") }
        switch outcome {
        case .ready(let process):
            Terminal.write("started, process \(process); it logs to \(launcher.logFile)\n")
        case .ended(let words):
            for line in words { Terminal.errorText(line) }
            throw Failure.failed(
                "the daemon did not start" + (words.isEmpty ? ", and did not say why" : ""))
        case .notReady(let process):
            throw Failure.failed(
                "process \(process) has been starting for \(Readable.duration(seconds: wait)) and"
                    + " goes on; see \(launcher.logFile)")
        case .refused(let cause):
            throw Failure.failed("cannot start the daemon: \(cause)")
        }
    }
}
