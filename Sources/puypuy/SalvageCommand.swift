internal import ArgumentParser
internal import Logging
internal import PuyPuyAgent
internal import PuyPuySpool

/// `puypuy spool salvage`
struct SalvageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Take what is readable out of a damaged spool into the current one.",
        discussion: """
            The daemon moves a damaged spool aside, as spool.db.damaged-SECONDS with -wal and -shm, and
            begins a new one. This takes over what is left in it: every batch whose checksum holds,
            pending for the backends that it was pending for and history for the others; dead letters;
            and readings of counters that the current spool does not know. FILE is only read. What came
            over once does not come over again, so an interrupted run can be repeated.

            FILE may also be a sound spool of another host. While the daemon runs it does the work, goes
            on collecting, and sends at once what came over; its user has to be allowed to read FILE.

            Exit code 0 when nothing is known to be lost; 1 when something is, though the rest came
            over, or when nothing could be done; 2 for wrong usage.

            EXAMPLES:
              puypuy spool salvage var/spool.db.damaged-1763900000 --dry-run
              puypuy spool salvage var/spool.db.damaged-1763900000
            """)

    @Argument(help: ArgumentHelp("The file.", valueName: "file"))
    var file: String

    @Flag(help: "Only say what would come over.")
    var dryRun = false

    @Flag(help: "Print JSON, for programs.")
    var json = false

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        let settings = try configurationOption.load()
        let log = configurationOption.startLog(settings)
        defer { log.flush() }
        let display = SharedProgress("salvaging")
        let found: Salvage
        do {
            found = try await dryRun ? survey(settings, display) : salvage(settings, display)
        } catch {
            display.clear()
            throw Failure.failed("\(error)")
        }
        display.clear()
        let report = SalvageReport(
            path: file, spool: settings.spool.path, isDry: dryRun, found: found)
        Terminal.write(json ? report.json + "\n" : report.text(width: Terminal.width))
        if !found.isComplete { throw ExitCode(1) }
    }

    private func survey(_ settings: Settings, _ display: SharedProgress) throws -> Salvage {
        try Salvage.survey(
            file, for: settings.spool.path, configured: settings.destinations
        ) { display.show($0) }
    }

    private func salvage(
        _ settings: Settings, _ display: SharedProgress
    ) async throws -> Salvage {
        try await BackendControl(settings).salvage(file) { display.show($0) }
    }
}
