internal import Glibc
internal import Subprocess
internal import SystemPackage

/// A program that is run for its output, with limits on what it can do to the daemon.
///
/// The child has a process group of its own, no input, and an environment of four variables. When
/// its leader ends, or is told to, the whole group is killed before the leader is reaped: until
/// then the group's number cannot belong to anybody else. Cancelling the task that runs it sends
/// SIGTERM to the group, and SIGKILL after ``grace``.
///
/// A process that leaves the group, by setsid(2), lives on, but is not waited for either.
struct ChildProcess: Sendable {
    /// Where programs without a slash in their name are looked for.
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    /// Between SIGTERM and SIGKILL.
    static let grace = Duration.milliseconds(500)

    /// A path, or a name to look for.
    let program: String
    /// The arguments behind the program's name.
    var arguments: [String] = []
    /// As many bytes of standard output are kept; at one more the child is killed.
    var outputLimitBytes = 1_048_576
    /// As many of them are kept when it was killed for its output, which then had no end.
    var endlessOutputBytes = 1_048_576
    /// As many bytes of standard error are kept; the rest is read and dropped.
    var errorLimitBytes = 16_384

    /// Runs the program until it ends. Blocks a thread at times.
    ///
    /// Throws when it cannot be started. All that happens later is in the result.
    func run() async throws(ChecksError) -> ChildResult {
        let found = try path()
        let permit = try StartPermit(toStart: found)
        defer { permit.give() }
        do {
            let result = try await Subprocess.run(
                Executable.path(FilePath(found)), arguments: Arguments(arguments),
                environment: ChildProcess.environment, platformOptions: ChildProcess.options,
                input: NoInput.none, output: SequenceOutput.sequence,
                error: SequenceOutput.sequence
            ) { execution in
                permit.give()
                let pid = execution.processIdentifier.value
                defer { kill(-pid, SIGKILL) }
                async let errors = ChildProcess.beginning(
                    of: execution.standardError, limitBytes: errorLimitBytes)
                var output: [UInt8] = []
                for try await piece in execution.standardOutput {
                    piece.withUnsafeBytes { output.append(contentsOf: $0) }
                    if output.count > outputLimitBytes {
                        let kept = min(outputLimitBytes, endlessOutputBytes)
                        output.removeLast(output.count - kept)
                        kill(-pid, SIGKILL)
                        return Collected(output: output, errors: await errors, isTooLong: true)
                    }
                }
                let collected = Collected(output: output, errors: await errors, isTooLong: false)
                // A program may close its output and work on.
                ChildProcess.waitForEnd(of: pid)
                return collected
            }
            let collected = result.closureResult
            return ChildResult(
                output: collected.output, errors: collected.errors,
                end: collected.isTooLong
                    ? .tooMuchOutput(limitBytes: outputLimitBytes) : .init(result.terminationStatus)
            )
        } catch let error as SubprocessError {
            throw ChildProcess.startFailure(
                of: found, code: error.underlyingError?.rawValue, otherwise: "\(error)")
        } catch {
            throw ChecksError(operation: "run", subject: found, cause: "\(error)")
        }
    }

    private struct Collected {
        var output: [UInt8]
        var errors: [UInt8]
        var isTooLong: Bool
    }

    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace)
        ]
        return options
    }

    /// Nothing of the daemon's own: secrets in its environment are not the child's business.
    static var variables: [String: String] {
        [
            "PATH": searchPath, "LANG": "C", "HOME": own("HOME") ?? "/",
            "TMPDIR": own("TMPDIR") ?? "/tmp",
        ]
    }

    private static var environment: Environment {
        .custom(
            Dictionary(
                uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0), $1) }))
    }

    private static func own(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// The path of the program. Throws, with `hint`, when no folder has it.
    func path(hint: String = "install the package that has it") throws(ChecksError) -> String {
        if program.contains("/") { return program }
        for directory in ChildProcess.searchPath.split(separator: ":") {
            let path = "\(directory)/\(program)"
            if access(path, X_OK) == 0 { return path }
        }
        throw ChecksError(
            operation: "run", subject: program,
            cause: "no such program in \(ChildProcess.searchPath)",
            hint: hint)
    }

    /// Standard error is for people: when it cannot be read, what came until then has to do.
    private static func beginning(
        of sequence: SubprocessOutputSequence, limitBytes: Int
    ) async -> [UInt8] {
        var kept: [UInt8] = []
        do {
            for try await piece in sequence where kept.count < limitBytes {
                piece.withUnsafeBytes {
                    kept.append(contentsOf: $0.prefix(limitBytes - kept.count))
                }
            }
        } catch {
            return kept
        }
        return kept
    }

    /// WNOWAIT leaves the leader unreaped, so that its group is still its own.
    private static func waitForEnd(of pid: pid_t) {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    }

    /// Why the program at `path` cannot be started; `code` is the errno of the attempt.
    static func startFailure(
        of path: String, code: Int32?, otherwise words: String = "unknown"
    ) -> ChecksError {
        if access(path, F_OK) == 0 && access(path, X_OK) != 0 {
            return ChecksError(
                operation: "run", subject: path, cause: "it is not executable",
                hint: "chmod +x \(path)")
        }
        if let problem = Interpreter(ofScript: path).problem(startError: code) {
            return ChecksError(
                operation: "run", subject: path, cause: problem.cause, hint: problem.hint)
        }
        let cause = code.map { Errno(rawValue: $0).description } ?? words
        return ChecksError(operation: "run", subject: path, cause: cause)
    }
}
