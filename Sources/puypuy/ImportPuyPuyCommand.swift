internal import ArgumentParser
internal import PuyPuyAgent

/// `puypuy import OLD NEW`, or `puypuy import puypuy OLD NEW`
struct ImportPuyPuyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "puypuy",
        abstract: "Move in from an older, Python PuyPuy.",
        discussion: """
            Reads conf/*.ini, checks_enabled, scripts_enabled and the cached points (*.cached in its
            tmpdir) of the PuyPuy in OLD, and writes config.ini, checks_enabled and scripts_enabled
            into NEW. Nothing in OLD is changed, and no file in NEW is replaced. Cached points go into
            the spool of NEW and are pending for its database; a file that came over before does not
            come over again. Stop both daemons before.

            What could not be carried over is named, with the reason. Exit code 1 when that are cached
            points, or the new configuration needs a hand; 2 for wrong usage.

            EXAMPLES:
              puypuy import /opt/puypuy /etc/puypuy --dry-run
              puypuy import /opt/puypuy /etc/puypuy --spool-path /var/lib/puypuy/spool.db
            """)

    @Argument(help: ArgumentHelp("The folder of the older PuyPuy.", valueName: "old"))
    var old: String

    @Argument(help: ArgumentHelp("The folder for the new configuration.", valueName: "new"))
    var new: String

    @Option(
        help: ArgumentHelp("The folder with *.cached, in place of tmpdir.", valueName: "folder"))
    var cache: String?

    @OptionGroup var options: ImportOptions

    func run() async throws {
        try await ImportCommand.carryOut(into: new, isDry: options.dryRun) {
            try ImportPlan(old, cache: cache, spoolPath: options.spoolPath)
        }
    }
}
