public import Logging
internal import PuyPuyCore

/// A script as a check: an executable whose output becomes points.
///
/// Each line is read by itself. A bad line is refused, counted and named in the log with its
/// number, and the others count; so do all lines before a nonzero exit, a kill or the deadline.
public struct ScriptCheck: Check {
    /// The executable.
    public let path: String
    private let outputLimitBytes: Int
    private let logger: Logger

    /// At most as many bad lines, and lines of standard error, are logged in a run.
    private static let loggedLines = 5

    /// The executable at `path`. It is killed when it prints more than `outputLimitBytes`, which are
    /// a million lines and more; then only those of the first MiB count.
    public init(path: String, outputLimitBytes: Int = 33_554_432, logger: Logger) {
        self.path = path
        self.outputLimitBytes = outputLimitBytes
        self.logger = logger
    }

    /// Runs the script once. Throws ``ChecksError`` when it could not be started or did not succeed.
    public func collect(into sample: inout Sample) async throws {
        let child = ChildProcess(program: path, outputLimitBytes: outputLimitBytes)
        let result = try await child.run()
        add(result, to: &sample)
        for line in result.errorLines.prefix(ScriptCheck.loggedLines) {
            logger.warning("script wrote to standard error", metadata: metadata(["text": line]))
        }
        if let problem = result.problem {
            throw ChecksError(
                operation: "complete", subject: path, cause: problem,
                hint: "run it by hand to see what it says")
        }
    }

    private func add(_ result: ChildResult, to sample: inout Sample) {
        var output = result.output[...]
        // A line cut off by the limit could be read as another number.
        if case .tooMuchOutput = result.end {
            output = output[..<((output.lastIndex(of: ByteLines.lineFeed) ?? -1) + 1)]
        }
        var lines = ByteLines(output)
        var number = 0
        var refused = 0
        while let line = lines.next() {
            number += 1
            do throws(ScriptLine.Problem) {
                try ScriptLine.parse(line)?.add(to: &sample)
            } catch {
                refused += 1
                sample.refuse(error.metric, error.reason)
                guard refused <= ScriptCheck.loggedLines else { continue }
                logger.warning(
                    "script line refused",
                    metadata: metadata(["line": "\(number)", "reason": error.words]))
            }
        }
        if refused > ScriptCheck.loggedLines {
            logger.warning(
                "script lines refused", metadata: metadata(["lines": "\(refused)"]))
        }
    }

    private func metadata(_ words: [String: String]) -> Logger.Metadata {
        var metadata = words.mapValues { Logger.MetadataValue.string($0) }
        metadata["script"] = .string(path)
        return metadata
    }
}
