internal import Glibc
public import Logging
internal import PuyPuyCore
internal import Synchronization

/// Where all events of the process come together: folded, made into lines, and written.
///
/// Safe to use from any thread. A log file that cannot be written stops nothing: the lines go to the
/// standard error stream meanwhile, what could be written nowhere is counted, and the log says so
/// when it is back.
public final class LogOutput: Sendable {
    /// The two clocks that a line takes.
    struct Clock: Sendable {
        /// Nanoseconds since the epoch.
        var wallNs: @Sendable () -> Int64
        /// Nanoseconds that only go forward.
        var bootNs: @Sendable () -> Int64

        /// The clocks of the host.
        static let system = Clock(
            wallNs: { nanoseconds(CLOCK_REALTIME) }, bootNs: { nanoseconds(CLOCK_BOOTTIME) })

        private static func nanoseconds(_ clock: clockid_t) -> Int64 {
            var time = timespec()
            clock_gettime(clock, &time)
            return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }
    }

    private struct State: ~Copyable {
        var configuration: LogConfiguration
        /// The log file; `nil` when there is none, or it could not be opened.
        var file: LogFile?
        /// The file did not take the latest line.
        var isFailing = false
        /// When the file has to be rotated, nanoseconds since the epoch; `nil` for never.
        var rotationNs: Int64?
        /// Lines that could be written nowhere.
        var lostLines = 0
        var folding = LogFolding()
    }

    private let state: Mutex<State>
    private let clock: Clock

    /// An output as `configuration` says. When the file cannot be opened, the log goes to the
    /// standard error stream and says so.
    public convenience init(_ configuration: LogConfiguration) {
        self.init(configuration, clock: .system)
    }

    init(_ configuration: LogConfiguration, clock: Clock) {
        self.clock = clock
        state = Mutex(State(configuration: configuration, file: nil))
        reopen()
    }

    /// The least important events that are logged. Changes take effect for every logger that has no
    /// level of its own.
    public var level: Logger.Level {
        get { state.withLock { $0.configuration.level } }
        set { state.withLock { $0.configuration.level = newValue } }
    }

    /// Opens the log file anew, after logrotate has moved it away. When that fails, the log goes on
    /// in the file that was open, and says so.
    public func reopen() {
        state.withLock { state in open(&state) }
    }

    /// Goes over to another file, level or look, after the configuration was read anew.
    public func reconfigure(_ configuration: LogConfiguration) {
        state.withLock { state in
            let isSameFile = state.configuration.file == configuration.file
            state.configuration = configuration
            if !isSameFile { state.file = nil }
            open(&state)
        }
    }

    /// Writes the summaries of events that were folded. Call it before the process ends.
    public func flush() {
        state.withLock { state in
            let summaries = state.folding.flush()
            for event in summaries { write(event, &state) }
        }
    }

    /// Writes the summaries of bursts that are over; the daemon calls it now and then, so that they do
    /// not wait for the next event.
    public func settle() {
        state.withLock { state in
            for event in state.folding.settle(bootNs: clock.bootNs()) { write(event, &state) }
        }
    }

    /// Takes an event.
    func log(
        level: Logger.Level, component: String, message: String, metadata: Logger.Metadata
    ) {
        state.withLock { state in
            let event = LogFolding.Event(
                wallNs: clock.wallNs(), level: level, component: component, message: message,
                metadata: metadata)
            for event in state.folding.fold(event, bootNs: clock.bootNs()) {
                write(event, &state)
            }
        }
    }

    private func open(_ state: inout State) {
        guard let path = state.configuration.file else {
            state.file = nil
            return
        }
        do {
            state.file = try LogFile(appendingTo: path)
            state.isFailing = false
            state.rotationNs = state.configuration.rotation?.dueNs(of: path, nowNs: clock.wallNs())
        } catch {
            let isOpen = state.file != nil
            write(
                notice(
                    .warning, "cannot open the log file: \(error.message)",
                    [
                        "file": "\(path)",
                        "log": isOpen ? "goes on in the file that was open" : "goes to stderr",
                    ]), &state)
        }
    }

    private func write(_ event: LogFolding.Event, _ state: inout State) {
        let line = LogLine.text(
            wallNs: event.wallNs, level: event.level, component: event.component,
            message: event.message, metadata: event.metadata)
        rotateIfDue(event.wallNs, &state)
        if state.file != nil, writeToFile(line, &state) { return }
        let dressed = LogLine.dressed(
            line, level: event.level, hasPriority: state.configuration.hasPriorities,
            hasColour: state.configuration.hasColours)
        do {
            try LogFile.standardError().write(dressed + "\n")
            if state.configuration.file == nil { tellOfLostLines(&state) }
        } catch {
            state.lostLines += 1
        }
    }

    private func rotateIfDue(_ nowNs: Int64, _ state: inout State) {
        guard let due = state.rotationNs, nowNs >= due, state.file != nil,
            let path = state.configuration.file, let rotation = state.configuration.rotation
        else { return }
        // Whatever happens now, the next try is a period away.
        state.rotationNs = nowNs + rotation.period.nanoseconds
        do {
            try rotation.rotate(path, nowNs: nowNs)
            open(&state)
        } catch {
            write(
                notice(
                    .warning, "cannot rotate the log file: \(error.message)", ["file": "\(path)"]),
                &state)
        }
    }

    /// Whether the file took `line`; when it did not, the line is told to go elsewhere.
    private func writeToFile(_ line: String, _ state: inout State) -> Bool {
        do {
            try state.file?.write(line + "\n")
            if state.isFailing {
                state.isFailing = false
                try? state.file?.write(
                    text(notice(.warning, "the log file can be written again", [:])) + "\n")
            }
            tellOfLostLines(&state)
            return true
        } catch {
            if !state.isFailing {
                state.isFailing = true
                let told = notice(
                    .warning, "cannot write the log file: \(error.message)",
                    ["file": "\(state.configuration.file ?? "")", "log": "goes to stderr"])
                try? LogFile.standardError().write(text(told) + "\n")
            }
            return false
        }
    }

    private func tellOfLostLines(_ state: inout State) {
        if state.lostLines == 0 { return }
        let lost = state.lostLines
        state.lostLines = 0
        write(notice(.warning, "log lines were lost", ["lines": "\(lost)"]), &state)
    }

    private func notice(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
    ) -> LogFolding.Event {
        LogFolding.Event(
            wallNs: clock.wallNs(), level: level, component: "log", message: message,
            metadata: metadata)
    }

    private func text(_ event: LogFolding.Event) -> String {
        LogLine.text(
            wallNs: event.wallNs, level: event.level, component: event.component,
            message: event.message, metadata: event.metadata)
    }
}
