public import Logging
internal import PuyPuyCore

/// A resident program as a check: each run takes the lines that it printed since the last one.
public struct ResidentCheck: Check {
    /// The executable.
    public let path: String
    private let program: ResidentProgram
    private let logger: Logger

    private static let loggedLines = 5

    /// The executable at `path`, which the first run starts.
    public init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
        program = ResidentProgram(path: path)
    }

    /// Takes what was printed. Throws ``ChecksError`` when the program ended or cannot be started.
    public func collect(into sample: inout Sample) async throws {
        let taken = try await program.take(bootNs: sample.moment.bootNs)
        var lines = ByteLines(taken.output[...])
        var refused = 0
        while let line = lines.next() {
            do throws(MetricLine.Problem) {
                guard let line = try MetricLine.parse(line) else { continue }
                add(line, to: &sample)
            } catch {
                sample.refuse(String(error.metric.prefix(100)), .unreadable)
                refused += 1
                if refused <= ResidentCheck.loggedLines {
                    logger.warning(
                        "line of a resident program refused",
                        metadata: ["program": .string(path), "reason": .string(error.words)])
                }
            }
        }
        for line in taken.errors.lines.prefix(ResidentCheck.loggedLines) {
            logger.warning(
                "resident program wrote to standard error",
                metadata: ["program": .string(path), "text": .string(line)])
        }
        if let problem = taken.problem {
            let last = taken.errors.lines.last.map { ": \($0)" } ?? ""
            throw ChecksError(
                operation: "keep running", subject: path, cause: problem + last,
                hint: "run it by hand to see what it says")
        }
    }

    /// Ends the program.
    public func retire() async { await program.stop() }

    private func add(_ line: MetricLine, to sample: inout Sample) {
        for field in line.fields {
            sample.gauge(
                field.metric, field.value, type: line.type, tags: line.tags,
                timestampNs: line.timestampNs)
        }
        for metric in line.refused { sample.refuse(metric, .unreadable) }
    }
}
