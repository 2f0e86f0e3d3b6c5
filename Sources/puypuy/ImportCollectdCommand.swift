internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy import collectd`
struct ImportCollectdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collectd",
        abstract: "Move in from collectd.",
        discussion: """
            Reads collectd.conf, and writes config.ini and checks_enabled into the folder NEW: the
            interval, the name of the host and the log; plugins that built-in checks stand for; writers
            to Graphite, OpenTSDB, KairosDB and Prometheus. What could not be carried over is named, with
            the line and the reason. The names of metrics are PuyPuy's: what asks the database has to
            change.

            config.ini may hold passwords, and is for its owner alone. Files that Include names are put
            into collectd.conf before.

            Exit code 1 when the new configuration needs a hand; 2 for wrong usage.

            EXAMPLES:
              puypuy import collectd /etc/collectd/collectd.conf /etc/puypuy --dry-run
              puypuy import collectd collectd.conf new --spool-path /var/lib/puypuy/spool.db
            """)

    @Argument(
        help: ArgumentHelp("The configuration of collectd.", valueName: "file"),
        completion: .file(extensions: ["conf"]))
    var file: String

    @Argument(
        help: ArgumentHelp("The folder for the new configuration.", valueName: "new"),
        completion: .directory)
    var new: String

    @OptionGroup var options: ImportOptions

    func run() async throws {
        try await ImportCommand.carryOut(into: new, isDry: options.dryRun) {
            try ImportPlan(collectd: file, spoolPath: options.spoolPath)
        }
    }
}
