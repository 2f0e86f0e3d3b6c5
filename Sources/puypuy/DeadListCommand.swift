internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyCore
internal import PuyPuySpool

/// `puypuy spool dead list`
struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the points that a backend refused for good, with its words.",
        discussion: """
            The newest first. Reads only, and works beside the daemon.

            EXAMPLES:
              puypuy spool dead list
              puypuy spool dead list --backend influx --metric 'cpu_*'
              puypuy spool dead list --json --limit 100000
            """)

    @Option(help: DeadLetterOption.backendHelp, completion: BackendNames.known)
    var backend: String?

    @OptionGroup var letters: DeadLetterOption

    @Option(help: ArgumentHelp("How many at most.", valueName: "number"))
    var limit = 100

    @Flag(help: "Print JSON, for programs.")
    var json = false

    @OptionGroup var configurationOption: ConfigurationOption

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes a number from 1 on.") }
    }

    func run() async throws {
        let settings = try configurationOption.load()
        let found: [DeadLetter]
        do {
            found = try SpoolReader(path: settings.spool.path)
                .deadLetters(limit: limit, filter: letters.filter(backend))
        } catch {
            throw Failure.failed("\(error)")
        }
        if json {
            print(JSONText.array(found.map(JSONText.deadLetter)))
        } else if found.isEmpty {
            print("there are no such dead letters")
        } else {
            // Whoever reads it from a pipe wants the server's words, whole.
            Terminal.write(
                Self.table(found).text(width: Terminal.isInteractive ? Terminal.width : .max))
            if found.count == limit {
                Terminal.errorText("these are the newest; --limit shows more")
            }
        }
    }

    private static func table(_ letters: [DeadLetter]) -> Table {
        var table = Table([
            ("refused (UTC)", .left), ("backend", .left), ("point's time", .left),
            ("series", .left), ("value", .right), ("reason", .left),
        ])
        for letter in letters {
            let series = letter.point.series
            table.add([
                Readable.time(ns: letter.diedNs), letter.backend,
                Readable.time(ns: letter.point.timestampNs),
                series.tags.pairs.isEmpty ? series.metric : "\(series)",
                Readable.value(letter.point.value), letter.reason,
            ])
        }
        return table
    }
}
