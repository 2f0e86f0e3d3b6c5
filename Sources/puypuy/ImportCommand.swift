internal import ArgumentParser

/// `puypuy import …`
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Move in from an older PuyPuy, or from another collector.",
        discussion: """
            Without the name of a collector it is from an older PuyPuy. Nothing of it is changed, and no
            file of the new configuration is replaced.

            EXAMPLES:
              puypuy import /opt/puypuy /etc/puypuy --dry-run
              puypuy import telegraf /etc/telegraf/telegraf.conf /etc/puypuy --dry-run
            """,
        subcommands: [ImportPuyPuyCommand.self, ImportTelegrafCommand.self],
        defaultSubcommand: ImportPuyPuyCommand.self)
}
