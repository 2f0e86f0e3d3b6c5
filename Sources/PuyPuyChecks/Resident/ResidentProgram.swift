internal import Glibc

/// A program that is started once and prints as long as it runs.
///
/// Nothing reads its output between two runs of its check: when the pipe is full the program waits,
/// which bounds memory. It is started again when it ended, after a second, then two, four … up to a
/// minute. It ends with this process: its standard input closes, and the kernel ends its group.
actor ResidentProgram {
    /// What it printed since the last time, and how it is.
    struct Taken: Sendable {
        /// Whole lines, without a last one that is not finished.
        var output: [UInt8] = []
        var errors = CapturedOutput()
        /// How it ended since the last time, and when it starts again; `nil` while it runs.
        var problem: String?
    }

    /// What a line may have at most; what is longer is no line.
    private static let lineLimitBytes = 65_536
    /// As much is taken at a time.
    private static let takeLimitBytes = 16 << 20
    /// How long a new program has to print its first line, for people who try it.
    private static let firstLineMilliseconds: CInt = 500
    /// A program that ran so long starts again at once, and its failures are forgotten.
    private static let healthyNs: Int64 = 60_000_000_000

    private let path: String
    private var leader: pid_t = 0
    private var output: CInt = -1
    private var errors: CInt = -1
    private var lifeline: CInt = -1
    private var rest: [UInt8] = []
    private var failures = 0
    private var startedBootNs: Int64 = 0
    private var nextStartBootNs: Int64 = .min
    /// How it ended the last time.
    private var lastWords = ""

    /// The program at `path`; it is started when output is first taken.
    init(path: String) { self.path = path }

    deinit {
        guard leader > 0 else { return }
        kill(-leader, SIGKILL)
        var status: CInt = 0
        while waitpid(leader, &status, 0) < 0 && errno == EINTR {}
        for descriptor in [output, errors, lifeline] { close(descriptor) }
    }

    /// What was printed since the last time; starts the program when it does not run. `bootNs` is
    /// now. Throws when it cannot be started.
    func take(bootNs: Int64) throws(ChecksError) -> Taken {
        var taken = Taken()
        if leader == 0 {
            guard bootNs >= nextStartBootNs else {
                if nextStartBootNs == .max { return taken }
                let seconds = (nextStartBootNs - bootNs) / 1_000_000_000 + 1
                taken.problem = "it ended: \(lastWords); it starts again in \(seconds) s"
                return taken
            }
            do throws(ChecksError) {
                try start(bootNs: bootNs)
            } catch {
                noteEnd(bootNs: bootNs)
                throw error
            }
            var descriptors = [pollfd(fd: output, events: Int16(POLLIN), revents: 0)]
            poll(&descriptors, 1, ResidentProgram.firstLineMilliseconds)
        }
        var info = siginfo_t()
        let hasEnded =
            waitid(P_PID, id_t(leader), &info, WEXITED | WNOHANG | WNOWAIT) == 0
            && info.si_signo != 0
        readOutput(into: &taken)
        if hasEnded {
            lastWords = reap()
            noteEnd(bootNs: bootNs)
            let seconds = max((nextStartBootNs - bootNs) / 1_000_000_000, 0)
            taken.problem = "it ended: \(lastWords); it starts again in \(seconds) s"
        }
        return taken
    }

    /// Ends the program: SIGTERM, and SIGKILL a moment later.
    func stop() async {
        guard leader > 0 else { return }
        kill(-leader, SIGTERM)
        var info = siginfo_t()
        for _ in 0..<10 {
            try? await Task.sleep(for: ChildProcess.grace / 10)
            if leader == 0 { return }
            _ = waitid(P_PID, id_t(leader), &info, WEXITED | WNOHANG | WNOWAIT)
            if info.si_signo != 0 { break }
        }
        _ = reap()
        nextStartBootNs = .max
    }

    private func readOutput(into taken: inout Taken) {
        while let piece = PipeEnd.read(errors), !piece.isEmpty { taken.errors.append(piece) }
        while rest.count < ResidentProgram.takeLimitBytes, let piece = PipeEnd.read(output),
            !piece.isEmpty
        {
            rest += piece
        }
        if let last = rest.lastIndex(of: ByteLines.lineFeed) {
            taken.output = Array(rest[...last])
            rest.removeSubrange(...last)
        }
        if rest.count > ResidentProgram.lineLimitBytes { rest = [] }
    }

    private func start(bootNs: Int64) throws(ChecksError) {
        let out = try PipeEnd.pair(keepsReading: true)
        let err = try PipeEnd.pair(keepsReading: true)
        let life = try PipeEnd.pair(keepsReading: false)
        defer { for pair in [out, err, life] { close(pair.childs) } }
        do throws(ChecksError) {
            leader = try GroupLeader.start(
                [path],
                passing: [
                    .init(own: life.childs, number: 0), .init(own: out.childs, number: 1),
                    .init(own: err.childs, number: 2),
                ])
        } catch {
            for pair in [out, err, life] { close(pair.own) }
            throw error
        }
        GroupLeader.end(leader, whenClosed: life.childs)
        (output, errors, lifeline) = (out.own, err.own, life.own)
        startedBootNs = bootNs
    }

    private func reap() -> String {
        kill(-leader, SIGKILL)
        var status: CInt = 0
        while waitpid(leader, &status, 0) < 0 && errno == EINTR {}
        for descriptor in [output, errors, lifeline] { close(descriptor) }
        leader = 0
        rest = []
        return GroupLeader.words(status: status)
    }

    private func noteEnd(bootNs: Int64) {
        if bootNs - startedBootNs > ResidentProgram.healthyNs { failures = 0 }
        let seconds = min(1 << min(failures, 6), 60)
        failures += 1
        nextStartBootNs = bootNs + Int64(seconds) * 1_000_000_000
    }
}
