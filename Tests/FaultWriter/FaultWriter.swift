import Glibc
import Logging
import PuyPuyCore
import PuyPuySpool
import Synchronization
import TestSupport

/// SIGTERM came: the writers end, and the spool is closed.
private let isEnding = Atomic(false)

/// Writes runs of several tasks into a spool and says what it knows to be durable, for tests that
/// take the disk or the process away. See ``Arguments`` and ``Report``.
@main
struct FaultWriter {
    static func main() async {
        signal(SIGTERM) { _ in isEnding.store(true, ordering: .relaxed) }
        guard let arguments = Arguments(CommandLine.arguments.dropFirst()) else {
            Report.say("X cannot read the arguments")
            exit(2)
        }
        let share = arguments.runs / arguments.writers / arguments.openings
        for opening in 0..<arguments.openings where !isEnding.load(ordering: .relaxed) {
            let first = arguments.first + opening * share
            do {
                let lost = try await write(
                    first..<(first + share), arguments, opening: opening)
                // The next runs would follow on runs that are nowhere.
                if lost > 0 { return }
            } catch {
                Report.say("X \(error)")
                exit(3)
            }
        }
    }

    /// Opens the spool, has each writer append its runs of these numbers, and closes it. Returns how
    /// many points could not be committed.
    private static func write(
        _ numbers: Range<Int>, _ arguments: Arguments, opening: Int
    ) async throws -> Int {
        let spool = try Spool(
            arguments.options,
            logger: Logger(label: "spool") { StreamLogHandler.standardError(label: $0) })
        try await spool.configure(
            FaultRun.backends.map { SpoolBackend(name: $0, type: "fault") })
        await withTaskGroup { group in
            for (index, backend) in FaultRun.backends.enumerated() {
                let seed = arguments.seed &* 1_000 &+ UInt64(opening * 10 + index)
                group.addTask {
                    await drain(backend, of: spool, at: arguments.options.path, seed: seed)
                }
            }
            await withTaskGroup { writers in
                for writer in 0..<arguments.writers {
                    writers.addTask { await append(writer, numbers, arguments.pause, to: spool) }
                }
            }
            group.cancelAll()
        }
        let lost = await spool.close()
        Report.say("L \(lost)")
        return lost
    }

    private static func append(
        _ writer: Int, _ numbers: Range<Int>, _ pause: Duration, to spool: Spool
    ) async {
        for number in numbers where !isEnding.load(ordering: .relaxed) {
            let result = await spool.append(FaultRun(writer: writer, sequence: number).run)
            let letter =
                switch result {
                case .durable: "A"
                case .buffered: "B"
                case .dropped: "D"
                }
            Report.say("\(letter) \(writer) \(number)")
            if pause > .zero { try? await Task.sleep(for: pause) }
        }
    }

    private static func drain(
        _ backend: String, of spool: Spool, at path: String, seed: UInt64
    ) async {
        // A reader that cannot read, under a fault, is replaced.
        while !Task.isCancelled {
            do {
                var drain = Drain(
                    backend: backend, spool: spool, reader: try SpoolReader(path: path),
                    random: SeededGenerator(seed: seed))
                try await drain.run()
            } catch {
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
