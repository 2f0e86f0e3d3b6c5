internal import ArgumentParser

/// The options of every `puypuy import …`.
struct ImportOptions: ParsableArguments {
    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "The spool_path of the new configuration.",
            discussion: "Default: var/spool.db beside it.", valueName: "path"))
    var spoolPath: String?
}
