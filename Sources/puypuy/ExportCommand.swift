internal import ArgumentParser
internal import Dispatch
internal import Glibc
internal import PuyPuyAgent
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// `puypuy spool export`
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write retained points as line protocol, CSV or JSON.",
        discussion: """
            Batch by batch, in the order of the commits; within the spool, points have no other order.
            Reads only, and works beside the daemon. What is committed after the start is left out.

            line: InfluxDB's line protocol, times in nanoseconds. Integers have no "i" behind them and
            become floats there, as those that the backends send without "integers: yes".
            csv: RFC 4180, columns time (UTC), metric, one for each tag, value.
            json: an object on each line, time_ns in nanoseconds.

            A file is mode 0600, and there only when it is complete. Exit code 1 when batches are
            damaged or points are left out; the others are written.

            EXAMPLES:
              puypuy spool export --format line --output points.lp
              puypuy spool export --format csv --since 1h --metric 'cpu_*' --output cpu.csv
              puypuy spool export --format json --from 2026-11-23T08:00 --to 2026-11-23T09:30 | head
            """)

    @Option(help: "line, csv or json.")
    var format: ExportFormat

    @OptionGroup var selection: SelectionOption

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The file to write; standard output without it.", valueName: "file"))
    var output: String?

    @OptionGroup var configurationOption: ConfigurationOption

    func run() async throws {
        let settings = try configurationOption.load()
        // A reader of our output that has seen enough ends the command, and that is no failure.
        signal(SIGPIPE, SIG_IGN)
        let cut = Cut()
        // A file is not left behind half written. Elsewhere a signal ends the command at once, also
        // while nobody reads.
        let interrupts = (output == nil ? [] : [SIGINT, SIGTERM]).map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { cut.raise() }
            source.activate()
            return source
        }
        defer { for source in interrupts { source.cancel() } }
        do {
            var export = try Export(
                SpoolReader(path: settings.spool.path), format: format,
                selection: selection.selection(nowNs: Readable.nowNs()))
            if let output {
                var file = try OutputFile(output)
                try export.run(until: { cut.isRaised }) { bytes in try file.write(bytes) }
                try file.finish()
                Terminal.errorText("\(Readable.count(export.points)) points in \(output)")
            } else {
                try export.run(until: { cut.isRaised }) { Terminal.write($0) }
            }
            for problem in export.problems { Terminal.error(problem) }
            if !export.problems.isEmpty { throw ExitCode(1) }
        } catch let error as SpoolError {
            throw Failure.failed("\(error)")
        }
    }
}

/// Retained points on their way out.
struct Export {
    /// Points in hand at a time: some megabytes.
    private static let pointsPerUnit = 20_000

    private let reader: SpoolReader
    private let selection: HistorySource.Selection
    private let newest: BatchID
    private var writer: PointWriter
    private var matches: [SeriesID: Bool] = [:]
    private var damagedBatches = 0
    /// The points that were written.
    private(set) var points: Int64 = 0

    init(
        _ reader: SpoolReader, format: ExportFormat, selection: HistorySource.Selection
    ) throws(SpoolError) {
        self.reader = reader
        self.selection = selection
        newest = try reader.newestBatch()
        // After that: no batch up to the newest has a key that is not among them.
        writer = PointWriter(format, keys: format == .csv ? try reader.tagKeys() : [])
    }

    /// What was left out, a clause each.
    var problems: [String] {
        var problems: [String] = []
        if damagedBatches > 0 {
            problems.append(Readable.damagedBatches(damagedBatches))
        }
        if let reason = writer.firstReason {
            problems.append("\(writer.left) points have no line: \(reason)")
        }
        return problems
    }

    /// Hands everything to `sink`, unit by unit, with no transaction open meanwhile. Throws when
    /// `isCut` says so.
    mutating func run(until isCut: () -> Bool, _ sink: ([UInt8]) throws -> Void) throws {
        try sink(writer.head)
        let total = try reader.pointsInHistory(fromNs: selection.fromNs, toNs: selection.toNs)
        var display = ProgressLine("exporting")
        defer { display.clear() }
        var cursor: BatchID = 0
        var seen: Int64 = 0
        while let unit = try reader.history(
            after: cursor, upTo: newest, fromNs: selection.fromNs, toNs: selection.toNs,
            maxPoints: Self.pointsPerUnit)
        {
            if isCut() { throw Failure.failed("interrupted") }
            cursor = unit.batches.upperBound
            damagedBatches += unit.damaged.count
            seen += Int64(unit.block.count)
            let left = writer.left
            let block = chosen(of: unit)
            try sink(writer.write(block, catalog: reader))
            points += Int64(block.count - (writer.left - left))
            if !Terminal.isInteractive { display.show(Double(seen) / Double(max(1, total))) }
        }
    }

    private mutating func chosen(of unit: LoadedUnit) -> PointBlock {
        if matches.count > 20_000 { matches.removeAll() }
        var rows: [Int] = []
        rows.reserveCapacity(unit.block.count)
        for row in 0..<unit.block.count {
            let time = unit.block.timestampsNs[row]
            guard time >= selection.fromNs, time <= selection.toNs else { continue }
            if let glob = selection.metric {
                let id = unit.block.seriesIDs[row]
                let isMeant = matches[id] ?? glob.matches(reader.series(id).metric)
                matches[id] = isMeant
                if !isMeant { continue }
            }
            rows.append(row)
        }
        return rows.count == unit.block.count ? unit.block : unit.block.selecting(rows)
    }
}
