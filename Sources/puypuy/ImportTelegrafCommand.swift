internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy import telegraf`
struct ImportTelegrafCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telegraf",
        abstract: "Move in from Telegraf.",
        discussion: """
            Reads telegraf.conf, and writes config.ini and checks_enabled into the folder NEW: the
            interval, the name of the host and the tags; inputs that built-in checks stand for; commands
            that print line protocol or are Nagios plugins; outputs to InfluxDB, Graphite, OpenTSDB and
            Prometheus. What could not be carried over is named, with the line and the reason. The names
            of metrics are PuyPuy's: what asks the database has to change.

            config.ini may hold passwords, and is for its owner alone. ${NAME} stays a variable of the
            environment. Files of telegraf.d are put behind telegraf.conf before.

            Exit code 1 when the new configuration needs a hand; 2 for wrong usage.

            EXAMPLES:
              puypuy import telegraf /etc/telegraf/telegraf.conf /etc/puypuy --dry-run
              puypuy import telegraf telegraf.conf new --spool-path /var/lib/puypuy/spool.db
            """)

    @Argument(
        help: ArgumentHelp("The configuration of Telegraf.", valueName: "file"),
        completion: .file(extensions: ["conf", "toml"]))
    var file: String

    @Argument(
        help: ArgumentHelp("The folder for the new configuration.", valueName: "new"),
        completion: .directory)
    var new: String

    @OptionGroup var options: ImportOptions

    func run() async throws {
        try await ImportCommand.carryOut(into: new, isDry: options.dryRun) {
            try ImportPlan(telegraf: file, spoolPath: options.spoolPath)
        }
    }
}
