internal import ArgumentParser
internal import PuyPuyAgent

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
              puypuy import collectd /etc/collectd/collectd.conf /etc/puypuy --dry-run
            """,
        subcommands: [
            ImportPuyPuyCommand.self, ImportTelegrafCommand.self, ImportCollectdCommand.self,
        ],
        defaultSubcommand: ImportPuyPuyCommand.self)

    /// Carries out the plan that `read` makes of what there is, and tells of it.
    static func carryOut(
        into target: String, isDry: Bool, _ read: () throws -> ImportPlan
    ) async throws {
        let display = SharedProgress("importing")
        let plan: ImportPlan
        let outcome: Import.Outcome
        do {
            plan = try read()
            let work = Import(plan, into: target)
            outcome =
                try await isDry
                ? work.survey { display.show($0) } : work.run { display.show($0) }
        } catch {
            display.clear()
            throw Failure.failed("\(error)")
        }
        display.clear()
        let report = ImportReport(plan: plan, outcome: outcome, target: target, isDry: isDry)
        Terminal.write(report.text)
        if !report.isComplete { throw ExitCode(1) }
    }
}
