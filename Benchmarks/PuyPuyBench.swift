import Glibc

/// Measures the codec, the spool, drains, long backlogs, and what PuyPuy costs its host, and prints a
/// table, or JSON with `--json`. With `--output` the JSON goes to a file as well.
///
/// Every figure is the median of five runs; behind it stands how many times a yardstick of the same
/// run it is, since machines differ, and one machine from minute to minute. Files go to a new folder
/// below `.build`, or below the folder named by `--folder`: the figures are those of that disk.
@main
enum PuyPuyBench {
    /// What can be measured, in this order.
    private enum Part: String, CaseIterable {
        case codec, spool, drain, servers, backlog, host
    }

    static func main() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        var folder = ".build"
        var isJSON = false
        var output: String?
        var parts: [Part] = []
        while let argument = arguments.popFirst() {
            switch (argument, arguments.first) {
            case ("--json", _): isJSON = true
            case ("--folder", .some(let path)):
                folder = path
                arguments.removeFirst()
            case ("--output", .some(let path)):
                output = path
                arguments.removeFirst()
            default:
                guard let part = Part(rawValue: argument) else {
                    print(
                        "usage: puypuy-bench [--json] [--output FILE] [--folder PATH] "
                            + Part.allCases.map { "[\($0.rawValue)]" }.joined(separator: " "))
                    exit(2)
                }
                parts.append(part)
            }
        }
        let scratch = try ScratchFolder(below: folder)
        var figures = [Yardsticks.copying(), try Yardsticks.syncing(in: scratch)]
        for part in parts.isEmpty ? Part.allCases : parts {
            switch part {
            case .codec: figures += try CodecBenchmark.run()
            case .spool: figures += try await SpoolBenchmark.run(in: scratch)
            case .drain: figures += try await DrainBenchmark.run(in: scratch)
            case .servers: figures += try await ServerBenchmark.run(in: scratch)
            case .backlog: figures += try await BacklogBenchmark.run(in: scratch)
            case .host: figures += try await HostBenchmark.run()
            }
        }
        print(isJSON ? Figure.json(figures) : Figure.table(figures))
        if let output { try write(Figure.json(figures) + "\n", to: output) }
    }

    private static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw ScratchFolder.Failure(path, errno) }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { throw ScratchFolder.Failure(path, errno) }
    }
}
