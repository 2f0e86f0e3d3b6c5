internal import Glibc
internal import PuyPuyCore

/// The process that runs the Python modules: started with the first run, and again when it ended.
///
/// Modules run one after the other; who asks is expected to wait for ``turns``, so that the time in
/// line counts against nobody's deadline. Cancelling the task of a run kills the host, and the next
/// run starts another. It has a thread of its own, which it blocks.
public actor PythonHost {
    /// Where the runs of all modules of this host stand in line.
    public nonisolated let turns = RunTurns()

    private nonisolated let executor = ThreadExecutor(name: "puypuy-python")
    private nonisolated let wakeup: Wakeup
    private var configuration: PythonConfiguration
    private let clock: any SchedulerClock
    private var process: PythonProcess?
    private var hostPID: pid_t = 0
    /// The readings that the process has, by module.
    private var known: [String: [String: RateState]] = [:]

    /// How often the host's memory is looked at while a module runs.
    private static let memoryLookMilliseconds: CInt = 50

    /// How long a new process has to answer.
    private static let startLimit = Duration.seconds(20)

    /// Processes started so far.
    private(set) var starts = 0

    /// A host as `configuration` says. Nothing is started yet.
    public init(
        _ configuration: PythonConfiguration,
        clock: any SchedulerClock = SystemSchedulerClock()
    ) throws(ChecksError) {
        self.configuration = configuration
        self.clock = clock
        wakeup = try Wakeup()
    }

    /// The thread that it blocks.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Runs the module `name` in the file `path` once; `readings` are those of its counters.
    ///
    /// Throws when there is no Python. All else, its end included, is in the outcome.
    func run(
        _ name: String, path: String, readings: [String: RateState]
    ) async throws(ChecksError) -> PythonOutcome {
        let result = await withTaskCancellationHandler {
            attempt(name, path: path, readings: readings)
        } onCancel: {
            wakeup.raise()
        }
        return try result.get()
    }

    /// Starts the process when there is none. What keeps it from starting is for the run to tell.
    func prepare() async {
        await withTaskCancellationHandler {
            _ = try? startedProcess()
        } onCancel: {
            wakeup.raise()
        }
    }

    /// Takes over another configuration; when it differs, the next run starts a new process.
    public func change(_ other: PythonConfiguration) {
        if other == configuration { return }
        configuration = other
        stop()
    }

    /// Ends the process.
    public func stop() {
        process = nil
        known = [:]
    }

    private func attempt(
        _ name: String, path: String, readings: [String: RateState]
    ) -> Result<PythonOutcome, ChecksError> {
        do throws(ChecksError) {
            // One that was killed since the last run is only found out now.
            for _ in 0..<2 where !Task.isCancelled {
                if let outcome = try runOnce(name, path: path, readings: readings) {
                    return .success(outcome)
                }
            }
            throw ChecksError(
                operation: "run", subject: path, cause: "the Python host ends before it begins",
                hint: "see the log; something may kill it")
        } catch {
            return .failure(error)
        }
    }

    /// `nil` when the host had ended before it took the run.
    private func runOnce(
        _ name: String, path: String, readings: [String: RateState]
    ) throws(ChecksError) -> PythonOutcome? {
        let process = try startedProcess()
        var request = [["run", name, path, known[name] == readings ? "no" : "yes"]]
        if known[name] != readings {
            request += readings.map { $0.value.record(key: $0.key) }
        }
        var outcome = PythonOutcome()
        var hasBegun = false
        // Whatever happens in the run, a host that ends has forgotten all readings.
        known[name] = nil
        if !process.write(PythonFrame(request).bytes, wait: { !Task.isCancelled }) {
            stop()
            return nil
        }
        while !outcome.isComplete {
            switch process.next(
                milliseconds: PythonHost.memoryLookMilliseconds, wakeup: wakeup.descriptor)
            {
            case .frame(let frame):
                hasBegun = true
                outcome.add(frame)
            case .ended(let words):
                let traceback = process.takeTrace()
                stop()
                guard hasBegun else { return nil }
                outcome.problems.append(PythonHost.ended(words, traceback: traceback))
                outcome.isComplete = true
            case .nothing:
                wakeup.clear()
                if Task.isCancelled {
                    give(up: &outcome, "the module hangs", process)
                } else if let resident = ProcessTree.residentBytes(of: hostPID),
                    resident > configuration.memoryLimitBytes
                {
                    let limit = configuration.memoryLimitBytes >> 20
                    give(
                        up: &outcome,
                        "memory over python_memory_mb: \(resident >> 20) of \(limit) MB", process)
                }
            }
        }
        (outcome.printed, outcome.errors) = process.takeOutput()
        if self.process != nil {
            var after = readings
            for change in outcome.readings { after[change.key] = change.state }
            known[name] = after
        }
        if outcome.needsRestart { stop() }
        return outcome
    }

    /// Kills the host in the middle of a run, after asking it where it is.
    private func give(up outcome: inout PythonOutcome, _ words: String, _ process: PythonProcess) {
        let text = process.traceback(of: hostPID)
        let traceback = FaultTraceback(text)
        let place = traceback.place.map { " in \($0)" } ?? ""
        outcome.problems.append(
            PythonOutcome.Problem(words: words + place, traceback: traceback.text))
        outcome.isComplete = true
        _ = process.end()
        stop()
    }

    private static func ended(_ words: String, traceback text: String) -> PythonOutcome.Problem {
        let traceback = FaultTraceback(text)
        let cause = text.hasPrefix("os._exit(") ? "the module called \(traceback.head)" : words
        let place = traceback.place.map { " (\($0))" } ?? ""
        return PythonOutcome.Problem(
            words: "the Python host ended in the run: \(cause)\(place)", traceback: traceback.text)
    }

    private func startedProcess() throws(ChecksError) -> PythonProcess {
        if let process { return process }
        let interpreter = try ChildProcess(program: configuration.interpreter).path(
            hint: "install python3, or set python in [SelfConfig]")
        let started = try PythonProcess(interpreter: interpreter)
        let hello = configuration.hello(bootID: clock.now().bootID).bytes
        starts += 1
        var words = "it does not answer"
        let endBootNs = clock.now().bootNs + PythonHost.startLimit.nanoseconds
        if started.write(PythonProgram.bytes + hello, wait: { !Task.isCancelled }) {
            waiting: while true {
                switch started.next(milliseconds: 1000, wakeup: wakeup.descriptor) {
                case .frame(let frame):
                    hostPID = frame.records[0].last.flatMap { pid_t($0) } ?? 0
                    process = started
                    return started
                case .ended(let end):
                    words = end
                    break waiting
                case .nothing:
                    wakeup.clear()
                    if Task.isCancelled || clock.now().bootNs > endBootNs { break waiting }
                }
            }
        } else {
            words = started.end()
        }
        let said = started.takeOutput().errors.lines.last.map { ": \($0)" } ?? ""
        throw ChecksError(
            operation: "start", subject: interpreter, cause: words + said,
            hint: "Python modules need Python 3.9 or later")
    }
}
