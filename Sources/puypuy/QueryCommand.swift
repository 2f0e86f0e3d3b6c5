internal import ArgumentParser
internal import Glibc
internal import PuyPuyAgent
internal import PuyPuyCore
internal import PuyPuySpool

/// `puypuy spool query`
struct QueryCommand: AsyncParsableCommand {
    /// SQLite's memory: for sorting, grouping and joining.
    private static let memoryBytes: Int64 = 64 << 20

    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask the retained points in SQL.",
        discussion: """
            SQL as SQLite has it. The table points has the columns time (RFC 3339, UTC), time_ns,
            metric, value, host and tags (key=value,key=value); series has metric, host and tags.
            tag(tags, 'core') is the value of one tag. Conditions on time, time_ns and metric save
            work. Reads only, and works beside the daemon; what is committed after the start is left
            out. Sorting and grouping may take 64 MB.

            The output is a table on a terminal and CSV (RFC 4180) elsewhere, unless --format says
            otherwise; json is an object on each line.

            EXAMPLES:
              puypuy spool query "SELECT metric, count(*) FROM points GROUP BY metric"
              puypuy spool query "SELECT time, value FROM points WHERE metric = 'mem_available'
                AND time >= '2026-11-23T20' ORDER BY time"
              puypuy spool query --format json "SELECT * FROM series"
            """)

    /// How rows are written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case csv
        case json
    }

    @Argument(help: ArgumentHelp("One SELECT.", valueName: "sql"))
    var sql: String

    @Option(help: "table, csv or json.")
    var format: Format?

    @Option(help: ArgumentHelp("How long it may take.", valueName: "seconds"))
    var timeout = 10.0

    @Option(help: ArgumentHelp("How many rows at most.", valueName: "number"))
    var maxRows = 10_000

    @OptionGroup var configurationOption: ConfigurationOption

    func validate() throws {
        if !(timeout > 0 && timeout <= 86_400) {
            throw ValidationError("--timeout takes seconds, up to a day.")
        }
        if maxRows < 1 { throw ValidationError("--max-rows takes a number from 1 on.") }
    }

    func run() async throws {
        let settings = try configurationOption.load()
        // A reader of our output that has seen enough ends the command, and that is no failure.
        signal(SIGPIPE, SIG_IGN)
        PointQuery.limitMemory(bytes: Self.memoryBytes)
        limitProcessorTime()
        let reader: SpoolReader
        do {
            reader = try SpoolReader(path: settings.spool.path)
        } catch {
            throw Failure.failed("\(error)")
        }
        let query: PointQuery
        do {
            query = try PointQuery(sql, of: reader, timeout: .seconds(timeout))
        } catch {
            throw error.kind == .query
                ? Failure.misused("\(error)") : Failure.failed("\(error)")
        }
        try print(query)
        if query.damagedBatches > 0 {
            Terminal.error(Readable.damagedBatches(query.damagedBatches))
            throw ExitCode(1)
        }
    }

    /// Ends the process when it has worked for longer than the query may: between two looks at the
    /// clock a single function of SQLite's can take any time, such as printf with a width of a billion.
    /// setrlimit(2).
    private func limitProcessorTime() {
        signal(SIGXCPU) { _ in
            let words: StaticString =
                "puypuy: cannot go on with the query: it takes longer than its time\n"
            _ = write(STDERR_FILENO, words.utf8Start, words.utf8CodeUnitCount)
            _exit(1)
        }
        let resource = __rlimit_resource_t(RLIMIT_CPU.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_cur, rlim_t(timeout.rounded(.up)) + 2)
        setrlimit(resource, &limit)
    }

    private func print(_ query: PointQuery) throws {
        var output = try RowOutput(
            format ?? (Terminal.isInteractive ? .table : .csv), columns: query.columns)
        var rows = 0
        var isCut = false
        do throws(SpoolError) {
            while let row = try query.next() {
                isCut = rows == maxRows
                if isCut { break }
                rows += 1
                output.add(row)
            }
        } catch {
            output.finish()
            throw Failure.failed("\(error)")
        }
        output.finish()
        if isCut {
            Terminal.errorText(
                "these are the first \(Readable.count(Int64(maxRows))) rows; --max-rows gives more")
        } else if rows == 0 {
            Terminal.errorText("no rows")
        }
    }
}
