internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuySpool

/// `puypuy spool verify`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a spool: its structure, every batch, its books.",
        discussion: """
            Checks what SQLite says of the file, the checksum of every batch, that every series is
            there, pending ranges, and that for each backend collected = delivered + pending + dead +
            expired. Reads only, and works beside the daemon. Without FILE it checks the configured
            spool. Exit code 0 when the spool is sound, 1 when it is damaged.

            EXAMPLES:
              puypuy spool verify
              puypuy spool verify var/spool.db.damaged-1763900000
              puypuy spool verify --json
            """)

    @Argument(help: ArgumentHelp("The spool's file.", valueName: "file"))
    var file: String?

    @Flag(help: "Print JSON, for programs.")
    var json = false

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        let path = try file ?? configurationOption.load().spool.path
        let found: Verification
        do {
            let verifier = Verifier(
                try SpoolReader(path: path, acceptsEarlierVersions: true))
            var display = ProgressLine("checking")
            found = try verifier.run { display.show($0) }
            display.clear()
        } catch {
            throw Failure.failed("\(error)")
        }
        let report = VerificationReport(path: path, found: found)
        Terminal.write(json ? report.json + "\n" : report.text)
        if !found.isSound { throw ExitCode(1) }
    }
}
