internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyBackends

/// `puypuy backend test`
struct BackendTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Try a backend step by step, and say which step fails and what to change.",
        discussion: """
            Resolves the host's name, connects, and writes one point of the metric
            \(BackendProbe.metric), with TLS and credentials where they are configured. The point
            stays in the database. The daemon may run or not; the spool is not touched.

            EXAMPLES:
              puypuy backend test                every backend
              puypuy backend test influx         one, by its name or the beginning of its type
            """)

    @Argument(
        help: "The backend: its name, or the beginning of its type. Without it: all.",
        completion: BackendNames.sending)
    var backend: String?

    @OptionGroup var configurationOption: ConfigurationOption

    func run() throws {
        let settings = try configurationOption.load()
        let targets =
            try backend.map { [try settings.backend($0)] }
            ?? settings.backends.filter(\.type.hasSender)
        if targets.isEmpty {
            print("nothing to try: the points stay in the spool (tsdtype: Local)")
        }
        var failed: [String] = []
        for target in targets {
            print("\(Terminal.styled(target.name, .bold)):")
            let succeeded = BackendProbe(target, settings: settings).run(report: show)
            if !succeeded { failed.append(target.name) }
        }
        if !failed.isEmpty {
            throw Failure.failed("no points can be sent to \(failed.joined(separator: ", "))")
        }
    }

    private func show(_ finding: BackendProbe.Finding) {
        let mark =
            finding.succeeded
            ? Terminal.styled("ok", .green) + "    " : Terminal.styled("failed", .red)
        let step = finding.step.rawValue
        let padding = String(repeating: " ", count: 13 - step.count)
        print("  \(step)\(padding)\(mark)  \(finding.words)")
        if !finding.hint.isEmpty { print("               what to do: \(finding.hint)") }
    }
}
