import PuyPuySpool

/// What the fault writer was told, as `name=value` words:
///
///     path=FILE            the spool
///     durability=full      or normal
///     writers=4            tasks that append
///     runs=500             runs of all writers together
///     openings=1           how often the spool is closed and opened anew on the way
///     first=1              the number of each writer's first run
///     seed=1               of what the drains draw
///     memory_points=N      SpoolOptions.memoryBufferPoints
///     pause_ms=0           between two runs of a writer
struct Arguments {
    var options: SpoolOptions
    var writers = 4
    var runs = 500
    var openings = 1
    var first = 1
    var seed: UInt64 = 1
    var pause = Duration.zero

    /// Reads `words`; `nil` when one of them says nothing.
    init?(_ words: some Sequence<String>) {
        var values: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            values[String(parts[0])] = String(parts[1])
        }
        guard let path = values["path"] else { return nil }
        options = SpoolOptions(path: path)
        // Confirmed batches go at once, so that deletes are among what is cut.
        options.retain = .zero
        options.minFreeBytes = 0
        options.durability = values["durability"].flatMap(Durability.init) ?? .full
        func number(_ name: String) -> Int? { values[name].flatMap { Int($0) } }
        options.memoryBufferPoints = number("memory_points") ?? options.memoryBufferPoints
        writers = number("writers") ?? writers
        runs = number("runs") ?? runs
        openings = number("openings") ?? openings
        first = number("first") ?? first
        seed = number("seed").map(UInt64.init) ?? seed
        pause = .milliseconds(number("pause_ms") ?? 0)
    }
}
