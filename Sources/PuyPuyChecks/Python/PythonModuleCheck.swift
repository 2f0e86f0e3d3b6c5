internal import Glibc
public import Logging
internal import PuyPuyCore

/// A Python module as a check: a file `check_NAME.py` of any of the three generations.
///
/// Whatever goes wrong costs this module's run alone. The points that it had made by then count.
public struct PythonModuleCheck: Check {
    /// The module's file.
    public let path: String
    private let name: String
    private let host: PythonHost
    private let logger: Logger
    private let printed: (@Sendable (String) -> Void)?

    /// As many lines of what a run printed, and as many of its standard error, are logged.
    private static let loggedLines = 5

    /// The module in the file at `path`, called `name`. Lines that it prints go to `printed`, or
    /// without one to the log.
    public init(
        name: String, path: String, host: PythonHost, logger: Logger,
        printed: (@Sendable (String) -> Void)? = nil
    ) {
        self.name = name
        self.path = path
        self.host = host
        self.printed = printed
        var logger = logger
        logger[metadataKey: "module"] = .string(path)
        self.logger = logger
    }

    /// Starts the host when it does not run: its start is not the module's time.
    public func prepare() async {
        if access(path, F_OK) == 0 { await host.prepare() }
    }

    /// Runs the module once. Throws ``ChecksError`` without Python, and ``PythonModuleProblem`` when
    /// something went wrong in the module.
    public func collect(into sample: inout Sample) async throws {
        // One that was removed is taken out of the schedule soon.
        guard access(path, F_OK) == 0 else { return }
        let outcome = try await host.run(name, path: path, readings: sample.ownReadings())
        for point in outcome.points {
            sample.gauge(
                point.metric, point.value, type: point.type, tags: point.tags,
                timestampNs: point.timestampNs)
        }
        sample.take(readings: outcome.readings, counterResets: outcome.counterResets)
        for refusal in outcome.refusals {
            sample.refuse(refusal.metric, refusal.reason, count: refusal.count)
        }
        log(outcome)
        guard let first = outcome.problems.first else { return }
        let others = outcome.problems.dropFirst().map(\.words)
        throw PythonModuleProblem(words: ([first.words] + others).joined(separator: "; "))
    }

    private func log(_ outcome: PythonOutcome) {
        report(outcome.printed, as: .debug, "module printed")
        report(outcome.errors, as: .warning, "module wrote to standard error")
        for line in outcome.log { log(line) }
        if let odd = outcome.oddTime {
            // Repeats are folded by the log.
            logger.warning(
                "module gives a timestamp more than a day away; the point is kept",
                metadata: ["metric": .string(odd.metric), "timestamp": .string(odd.timestamp)])
        }
        for problem in outcome.problems where !problem.traceback.isEmpty {
            logger.warning(
                "module problem",
                metadata: [
                    "reason": .string(problem.words), "traceback": .string(problem.traceback),
                ])
        }
    }

    private func log(_ line: PythonOutcome.LogLine) {
        switch line.level {
        case "refused": logger.warning("module value refused: \(line.words)")
        case "warning": logger.warning("\(line.words)")
        case "more": logger.warning("module logged \(line.words) more lines in this run")
        default: logger.info("\(line.words)")
        }
    }

    private func report(_ output: CapturedOutput, as level: Logger.Level, _ message: String) {
        let lines = output.lines
        if let printed {
            for line in lines { printed(line) }
        } else {
            for line in lines.prefix(PythonModuleCheck.loggedLines) {
                logger.log(
                    level: level, "\(message)", metadata: ["text": .string(line)])
            }
        }
        if output.totalBytes > CapturedOutput.limitBytes {
            logger.warning(
                "\(message) more than is kept",
                metadata: [
                    "bytes": "\(output.totalBytes)", "kept": "\(CapturedOutput.limitBytes)",
                ])
        }
    }
}

/// What went wrong in a module, with file and line.
public struct PythonModuleProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// One line for people.
    public let words: String

    /// The words.
    public var description: String { words }
}
