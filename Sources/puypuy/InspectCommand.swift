internal import ArgumentParser
internal import PuyPuyAgent
internal import PuyPuyCore
internal import PuyPuySpool

/// `puypuy spool inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what the spool holds: by check, metric and backend.",
        discussion: """
            Reads only, and works beside the daemon.

            EXAMPLES:
              puypuy spool inspect
              puypuy spool inspect --metric 'cpu_*' --points 20
              puypuy spool inspect --follow
              puypuy spool inspect --audit
              puypuy spool inspect --json
            """)

    @Flag(help: "Print JSON, for programs.")
    var json = false

    @Flag(
        help: ArgumentHelp(
            "Check the books: collected = delivered + pending + dead + expired.",
            discussion: "Exit code 1 when they do not balance."))
    var audit = false

    @Option(help: ArgumentHelp("Print the newest points.", valueName: "number"))
    var points: Int?

    @Option(help: ArgumentHelp("Only metrics like this: 'cpu_*'.", valueName: "glob"))
    var metric: String?

    @Flag(help: "Print points as they are committed, until Ctrl-C.")
    var follow = false

    @OptionGroup var configurationOption: ConfigurationOption

    func validate() throws {
        if let points, points < 1 { throw ValidationError("--points takes a number from 1 on.") }
        if audit && (points != nil || follow || metric != nil) {
            throw ValidationError("--audit looks at the books alone.")
        }
        if follow && json { throw ValidationError("--follow prints lines, not JSON.") }
    }

    func run() async throws {
        let settings = try configurationOption.load()
        do {
            let reader = try SpoolReader(path: settings.spool.path)
            let glob = metric.map { Glob($0) }
            if audit {
                try Audit.print(try reader.audit(), asJSON: json)
            } else if follow {
                try await Follower(reader: reader, glob: glob).run(startWith: points ?? 0)
            } else {
                let report = try InspectionReport(
                    reader, settings: settings, points: points, glob: glob)
                if json {
                    print(report.json)
                } else {
                    Terminal.write(report.text(width: Terminal.width))
                }
            }
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure.failed("\(error)")
        }
    }
}

/// The books of every backend.
enum Audit {
    /// Prints them. Throws when one does not balance.
    static func print(_ backends: [BackendSummary], asJSON: Bool) throws {
        if asJSON {
            Swift.print(JSONText.array(backends.map(JSONText.backend)))
        } else {
            var table = Table([
                ("backend", .left), ("collected", .right), ("delivered", .right),
                ("pending", .right), ("dead", .right), ("expired", .right), ("books", .left),
            ])
            for backend in backends {
                let books = backend.ledger
                table.add([
                    backend.name, Readable.count(books.collected),
                    Readable.count(books.delivered), Readable.count(books.pending),
                    Readable.count(books.dead), Readable.count(books.expired),
                    backend.balances ? "balance" : "DO NOT BALANCE",
                ])
            }
            Terminal.write(table.text(width: Terminal.width))
        }
        for backend in backends where !backend.balances {
            let books = backend.ledger
            throw Failure.failed(
                "the books of \(backend.name) do not balance: \(books.collected) collected,"
                    + " \(books.delivered) + \(books.pending) + \(books.dead) + \(books.expired)"
                    + " accounted for, \(backend.pendingRecounted) pending points found")
        }
    }
}

/// Points as they are committed.
struct Follower {
    let reader: SpoolReader
    let glob: Glob?

    /// Prints the newest `count` points, then all that come.
    func run(startWith count: Int) async throws {
        for point in try reader.newest(count, glob: glob) {
            Terminal.write(PointText.line(point) + "\n")
        }
        var cursor = try reader.newestBatch()
        while (try? await Task.sleep(for: .milliseconds(500))) != nil {
            let (block, last) = try reader.points(after: cursor)
            cursor = last
            for row in 0..<block.count {
                let point = block.point(row, in: reader)
                guard glob?.matches(point.series.metric) ?? true else { continue }
                Terminal.write(PointText.line(point) + "\n")
            }
        }
    }
}

extension SpoolReader {
    /// The newest retained points whose metric matches, oldest first.
    func newest(_ count: Int, glob: Glob?) throws -> [Point] {
        guard count > 0 else { return [] }
        var found: [Point] = []
        try newestPoints(limit: 5_000_000) { block in
            for row in (0..<block.count).reversed() where found.count < count {
                let point = block.point(row, in: self)
                if glob?.matches(point.series.metric) ?? true { found.append(point) }
            }
            return found.count < count
        }
        return found.reversed()
    }
}
