internal import ArgumentParser
internal import PuyPuyCore
internal import PuyPuySender

/// The options that choose retained points: `--since`, `--from`, `--to`, `--metric`.
struct SelectionOption: ParsableArguments {
    @Option(help: ArgumentHelp("How far back: 90s, 15m, 24h, 7d.", valueName: "span"))
    var since: SpanArgument?

    @Option(help: ArgumentHelp("The first time, UTC: 2026-11-23T08:00.", valueName: "time"))
    var from: InstantArgument?

    @Option(help: ArgumentHelp("The last time, UTC; without it now.", valueName: "time"))
    var to: InstantArgument?

    @Option(help: ArgumentHelp("Only metrics like this: 'cpu_*'.", valueName: "glob"))
    var metric: String?

    func validate() throws {
        if since != nil && (from != nil || to != nil) {
            throw ValidationError("Give either --since, or --from and --to.")
        }
        if let from, let to, from.ns > to.ns {
            throw ValidationError("--from is later than --to.")
        }
    }

    /// Whether the beginning is said.
    var hasStart: Bool { since != nil || from != nil }

    /// The points that are meant, at `nowNs`; from the first on without a start.
    func selection(nowNs: Int64) -> HistorySource.Selection {
        HistorySource.Selection(
            fromNs: since.map { nowNs - Int64($0.seconds * 1e9) } ?? from?.ns ?? 0,
            toNs: to?.ns ?? nowNs, metric: metric.map { Glob($0) })
    }
}
