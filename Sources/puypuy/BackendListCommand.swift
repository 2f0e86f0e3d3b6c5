internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyCore

/// `puypuy backend list`
struct BackendListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show every backend: what is pending for it, and how its delivery is going.",
        discussion: """
            The states: flowing (points are accepted, or there are none), backing off (requests fail
            and are tried again), holding (requests fail until somebody changes something), removed
            (configured no more, with points that wait), local (the spool is the destination),
            stopped (no daemon runs).

            The daemon tells; without one, the spool's file does.

            EXAMPLES:
              puypuy backend list
              puypuy backend list --json
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var configurationOption: ConfigurationOption

    func run() throws {
        let settings = try configurationOption.load()
        let overview: BackendControl.Overview
        do {
            overview = try BackendControl(settings).overview()
        } catch {
            throw Failure.failed("\(error)")
        }
        if json {
            let members = [
                ("daemon", "\(overview.withoutDaemon == nil)"),
                ("backends", JSONText.array(overview.backends.map(\.json))),
            ]
            print(JSONText.object(members))
        } else {
            Terminal.write(BackendReport(overview).text(width: Terminal.width))
        }
    }
}
