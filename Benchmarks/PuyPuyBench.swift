import Glibc

/// Measures the codec and the spool, and prints a table, or JSON with `--json`.
///
/// Every figure is the median of five runs. The first two lines are yardsticks of the machine, to
/// compare figures of different machines by. The spool is measured in a new folder below `.build`,
/// or below the folder named by `--folder`: its figures are those of that disk.
@main
enum PuyPuyBench {
    static func main() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        var folder = ".build"
        var isJSON = false
        while let argument = arguments.popFirst() {
            switch (argument, arguments.first) {
            case ("--json", _): isJSON = true
            case ("--folder", .some(let path)):
                folder = path
                arguments.removeFirst()
            default:
                print("usage: puypuy-bench [--json] [--folder PATH]")
                exit(2)
            }
        }
        let scratch = try ScratchFolder(below: folder)
        var figures = [Yardsticks.copying(), try Yardsticks.syncing(in: scratch)]
        figures += CodecBenchmark.run()
        figures += try await SpoolBenchmark.run(in: scratch)
        print(isJSON ? Figure.json(figures) : Figure.table(figures))
    }
}
