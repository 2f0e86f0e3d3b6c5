internal import Glibc
internal import SystemPackage

/// The Python host as a process: its pipes, its end, and what it leaves behind.
///
/// ```
/// daemon -- sh, the guard -- python3, the host -- what modules start
///           \_______________ one process group ______________/
/// ```
///
/// The guard only waits for the host. A module that signals its parent's process group meets the
/// guard there, and not the daemon. When the daemon dies in whatever way, its end of the lifeline
/// closes, and the kernel ends the whole group; no module can be in the way of that.
///
/// Confined to the thread of the ``PythonHost`` that owns it.
final class PythonProcess {
    /// Something that happened.
    enum Event {
        /// A frame came.
        case frame(PythonFrame)
        /// The process ended: what it ended with, in words.
        case ended(String)
        /// Nothing for a while, or somebody raised the wakeup.
        case nothing
    }

    /// The child's descriptors, as `Host/frames.py` and the guard's script have them.
    private enum Number {
        static let requests: CInt = 3
        static let replies: CInt = 4
        static let trace: CInt = 5
        static let lifeline: CInt = 6
        static let guardLife: CInt = 7
    }

    /// Runs the host in the background, without the descriptor that tells of the guard's end.
    private static let guardScript = "\"$@\" 7>&- & exec 2>/dev/null; wait $!"

    /// The most bytes of a frame from the host.
    private static let frameLimitBytes = 256 << 20

    private let guardPID: pid_t
    private let requests: CInt
    private let replies: CInt
    private let trace: CInt
    private let lifeline: CInt
    private let guardLife: CInt
    private let output: CInt
    private let errors: CInt
    private var received: ArraySlice<UInt8> = []
    private var isReaped = false
    private var isOutputClosed = false
    private var isErrorsClosed = false

    /// What came on standard output and standard error since the last time that it was taken.
    private(set) var printed = CapturedOutput()
    private(set) var errorOutput = CapturedOutput()

    /// Starts `interpreter`, a path, with the host's program.
    init(interpreter: String) throws(ChecksError) {
        var pairs: [(own: CInt, childs: CInt)] = []
        do {
            pairs.append(try PipeEnd.sockets())
            for keepsReading in [true, true, false, true, true, true] {
                pairs.append(try PipeEnd.pair(keepsReading: keepsReading))
            }
            guardPID = try PythonProcess.spawn(interpreter, pairs.map(\.childs))
        } catch {
            for pair in pairs {
                close(pair.own)
                close(pair.childs)
            }
            throw error
        }
        for pair in pairs { close(pair.childs) }
        let own = pairs.map(\.own)
        (requests, replies, trace, lifeline) = (own[0], own[1], own[2], own[3])
        (guardLife, output, errors) = (own[4], own[5], own[6])
    }

    deinit {
        _ = end()
        for descriptor in [requests, replies, trace, lifeline, guardLife, output, errors] {
            close(descriptor)
        }
    }

    /// Writes `bytes`, as far as the host takes them before it ends; `wait` is called when it is
    /// slow, and false from it gives up.
    func write(_ bytes: [UInt8], wait: () -> Bool) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = PipeEnd.send(rest, to: requests)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var descriptors = [pollfd(fd: requests, events: Int16(POLLOUT), revents: 0)]
                poll(&descriptors, 1, 50)
                if !wait() { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Waits for the next thing that happens, at most for `milliseconds` or until `wakeup` can be
    /// read. Reads what is printed meanwhile.
    func next(milliseconds: CInt, wakeup: CInt) -> Event {
        if let frame = PythonFrame.take(from: &received) { return .frame(frame) }
        // poll(2) ignores negative numbers. A module may close what would be readable for ever then.
        var descriptors = [
            replies, guardLife, isOutputClosed ? -1 : output, isErrorsClosed ? -1 : errors, wakeup,
        ].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let count = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        guard count > 0 else { return .nothing }
        readOutput()
        let piece = PipeEnd.read(replies, limit: 1 << 20)
        received += piece ?? []
        if let frame = PythonFrame.take(from: &received) { return .frame(frame) }
        if piece == nil {
            // The guard needs a moment to see that the host has ended.
            poll(&descriptors[1], 1, 500)
            return .ended(end())
        }
        if received.count > PythonProcess.frameLimitBytes { return .ended(end()) }
        if descriptors[1].revents != 0 { return .ended(end()) }
        return .nothing
    }

    /// Takes what was printed so far. A trace that nobody asked for is dropped.
    func takeOutput() -> (printed: CapturedOutput, errors: CapturedOutput) {
        readOutput()
        _ = takeTrace()
        defer {
            printed = CapturedOutput()
            errorOutput = CapturedOutput()
        }
        return (printed, errorOutput)
    }

    /// What was written to the trace so far.
    func takeTrace() -> String {
        String(decoding: PipeEnd.read(trace) ?? [], as: UTF8.self)
    }

    /// Where the threads of `host` are at the moment, from `faulthandler`; empty when it does not
    /// answer within 300 ms.
    func traceback(of host: pid_t) -> String {
        guard host > 0, kill(host, SIGUSR2) == 0 else { return "" }
        var text = ""
        // The outermost line, which comes last, is of the program on the command line.
        for _ in 0..<30 where !text.contains("File \"<string>\"") {
            var descriptors = [pollfd(fd: trace, events: Int16(POLLIN), revents: 0)]
            if poll(&descriptors, 1, 10) > 0 { text += takeTrace() }
        }
        return text
    }

    /// Kills the process group and what left it, reaps the guard, and says how the host ended.
    func end() -> String {
        if isReaped { return "it had ended" }
        isReaped = true
        // The guard ends with the host's status; while it lives the host does, too.
        let hadEnded = guardHasEnded()
        if !hadEnded {
            for stray in ProcessTree.descendants(of: guardPID) { kill(stray, SIGKILL) }
            // Now the guard reaps the host and ends, unless something stopped it.
            var descriptors = [pollfd(fd: guardLife, events: Int16(POLLIN), revents: 0)]
            poll(&descriptors, 1, 200)
        }
        kill(-guardPID, SIGKILL)
        var status: CInt = 0
        while waitpid(guardPID, &status, 0) < 0 && errno == EINTR {}
        guard hadEnded else { return "it closed its pipes, and was ended" }
        return PythonProcess.words(status: status)
    }

    /// Whether there is a status to reap. The guard's pipe closes a moment before that.
    private func guardHasEnded() -> Bool {
        var pipe = [pollfd(fd: guardLife, events: Int16(POLLIN), revents: 0)]
        var looksLeft = poll(&pipe, 1, 0) > 0 ? 200 : 1
        while looksLeft > 0 {
            var info = siginfo_t()
            if waitid(P_PID, id_t(guardPID), &info, WEXITED | WNOHANG | WNOWAIT) == 0,
                info.si_signo != 0
            {
                return true
            }
            looksLeft -= 1
            if looksLeft > 0 { poll(nil, 0, 1) }
        }
        return false
    }

    /// The guard's status is the host's, or 128 and the signal that ended the host: sh(1).
    private static func words(status: CInt) -> String {
        let code = (status >> 8) & 0xFF
        return status & 0x7F == 0 && code > 128
            ? GroupLeader.words(signal: code - 128) : GroupLeader.words(status: status)
    }

    private func readOutput() {
        isOutputClosed = !PythonProcess.readAll(of: output) { printed.append($0) }
        isErrorsClosed = !PythonProcess.readAll(of: errors) { errorOutput.append($0) }
    }

    /// Reads what is there; false at the end of the pipe.
    private static func readAll(of descriptor: CInt, _ body: ([UInt8]) -> Void) -> Bool {
        while let piece = PipeEnd.read(descriptor) {
            if piece.isEmpty { return true }
            body(piece)
        }
        return false
    }

    private static func spawn(_ interpreter: String, _ ends: [CInt]) throws(ChecksError) -> pid_t {
        let numbers = [
            Number.requests, Number.replies, Number.trace, Number.lifeline, Number.guardLife, 1, 2,
        ]
        // -I: neither PYTHON* variables nor a directory of the user's have a say.
        let words =
            ["/bin/sh", "-c", guardScript, "puypuy-python", interpreter]
            + ["-I", "-W", "ignore", "-X", "utf8", "-c", PythonProgram.loader]
        let leader = try GroupLeader.start(
            words, passing: zip(ends, numbers).map { .init(own: $0, number: $1) })
        GroupLeader.end(leader, whenClosed: ends[3])
        return leader
    }
}
