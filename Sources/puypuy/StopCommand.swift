internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuySpool

/// `puypuy stop`
struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop the daemon, and wait for its end.",
        discussion: """
            Runs in progress end or are cut, everything is committed, and a last delivery is tried,
            for at most shutdown_seconds. After ten seconds more it says that the daemon still runs:
            exit code 1. When none runs, that is said, and the exit code is 0.

            EXAMPLES:
              puypuy stop
            """)

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        try await Self.stop(try configurationOption.loadReadable())
    }

    /// Stops the daemon of `settings`, if one runs.
    static func stop(_ settings: Settings) async throws {
        let process = DaemonProcess(settings)
        let end: DaemonProcess.End
        let id: Int32
        do {
            guard let running = try process.id() else {
                let stale = process.staleFile().map { "; \($0)" } ?? ""
                Terminal.write("no daemon runs\(stale)\n")
                return
            }
            guard running > 0 else {
                throw Failure.failed("another program has locked \(settings.spool.path)")
            }
            id = running
            let isShown = Terminal.showsProgress
            if isShown {
                Terminal.errorStatus("process \(running) is ending: a last delivery is tried")
            }
            defer { if isShown { Terminal.errorStatus("") } }
            end = try await process.stop(running)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure.failed("\(error)")
        }
        switch end {
        case .ended: Terminal.write("stopped, process \(id)\n")
        case .refused(let cause):
            throw Failure.failed("cannot stop process \(id): \(cause); be root, or its user")
        case .stillRuns(let patience):
            throw Failure.failed(
                "process \(id) still runs after \(Readable.duration(seconds: patience / .seconds(1)));"
                    + " see its log. kill -9 \(id) loses nothing that was committed")
        }
    }
}

/// `puypuy restart`
struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Stop the daemon, if it runs, and start it again.",
        discussion: """
            A configuration that cannot be used leaves the daemon running. Most changes need no
            restart: see puypuy reload.

            EXAMPLES:
              puypuy restart
            """)

    @Option(help: ArgumentHelp("How long to wait for the new one.", valueName: "seconds"))
    var wait: Double = 60

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        let settings = try configurationOption.load(showsNotices: true)
        try await StopCommand.stop(settings)
        try StartCommand.launch(settings, wait: wait)
    }
}
