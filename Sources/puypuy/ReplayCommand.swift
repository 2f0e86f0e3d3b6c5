internal import ArgumentParser
internal import Dispatch
internal import Glibc
internal import PuyPuyAgent
internal import PuyPuyBackends
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// `puypuy spool replay`
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Send retained points to a backend again.",
        discussion: """
            The spool keeps delivered points for spool_retain_hours. Sending them again is harmless:
            a database overwrites a point with itself. Works beside the daemon and changes nothing
            in the spool.

            EXAMPLES:
              puypuy spool replay --backend influx --since 24h
              puypuy spool replay --backend default --from 2026-11-23T08:00 --to 2026-11-23T09:30
              puypuy spool replay --backend influx --since 1h --metric 'cpu_*' --dry-run
            """)

    @Option(
        help: "The backend: its name, or the beginning of its type.",
        completion: BackendNames.sending)
    var backend: String

    @OptionGroup var selection: SelectionOption

    @Flag(help: "Only count the points.")
    var dryRun = false

    @OptionGroup var configurationOption: ConfigurationOption

    func validate() throws {
        if !selection.hasStart {
            throw ValidationError("Say what to send: --since 24h, or --from TIME [--to TIME].")
        }
    }

    func run() async throws {
        let settings = try configurationOption.load()
        let target = try settings.backend(backend)
        let selection = selection.selection(nowNs: Readable.nowNs())
        do {
            if dryRun {
                try count(selection, settings, target)
            } else {
                try await send(selection, settings, target)
            }
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure.failed("\(error)")
        }
    }

    private func count(
        _ selection: HistorySource.Selection, _ settings: Settings, _ target: BackendConfiguration
    ) throws {
        let reader = try SpoolReader(path: settings.spool.path)
        var cursor: BatchID = 0
        var points = 0
        var metrics: Set<String> = []
        while let unit = try reader.history(
            after: cursor, fromNs: selection.fromNs, toNs: selection.toNs, maxPoints: 100_000)
        {
            cursor = unit.batches.upperBound
            for row in 0..<unit.block.count {
                let timestampNs = unit.block.timestampsNs[row]
                guard timestampNs >= selection.fromNs, timestampNs <= selection.toNs else {
                    continue
                }
                let name = reader.series(unit.block.seriesIDs[row]).metric
                guard selection.metric?.matches(name) ?? true else { continue }
                points += 1
                metrics.insert(name)
            }
        }
        print(
            "\(Readable.count(Int64(points))) points of \(metrics.count) metrics would go to"
                + " \(target.name)")
    }

    private func send(
        _ selection: HistorySource.Selection, _ settings: Settings, _ target: BackendConfiguration
    ) async throws {
        let log = configurationOption.startLog(settings)
        let replay = try Replay(selection, to: target, settings: settings)
        signal(SIGINT, SIG_IGN)
        let interrupts = DispatchSource.makeSignalSource(signal: SIGINT)
        let cut = Cut()
        interrupts.setEventHandler {
            cut.raise()
            replay.stop()
        }
        interrupts.activate()
        defer { interrupts.cancel() }
        let display = ReplayDisplay(replay)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await display.show() }
            do {
                try await replay.run()
            } catch {
                group.cancelAll()
                display.clear()
                throw error
            }
            group.cancelAll()
        }
        display.clear()
        log.flush()
        let end = replay.progress.current
        var summary =
            "\(Readable.count(end.delivered)) points delivered to \(target.name)"
            + " in \(Readable.duration(seconds: display.elapsedSeconds))"
        if end.damagedBatches > 0 { summary += ", \(end.damagedBatches) batches are damaged" }
        if end.refused > 0 {
            summary += ", \(Readable.count(end.refused)) refused"
            if let first = end.firstRefusal { summary += ": \(first)" }
        }
        print(summary)
        if cut.isRaised {
            let upTo = end.confirmedUpToNs.map { "confirmed up to \(Readable.time(ns: $0)) UTC" }
            throw Failure.failed(
                "interrupted; \(upTo ?? "nothing is confirmed"); starting again from there or from"
                    + " the beginning is harmless")
        }
        if end.refused > 0 || end.damagedBatches > 0 { throw ExitCode(1) }
    }
}
