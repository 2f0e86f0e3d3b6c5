import Glibc
import PuyPuySpool
import TestSupport

/// The fault writer under strace(1), which writes down all that it does to its files, and makes calls
/// of it fail when it is told so.
struct TracedWriter {
    /// The program that was built with the tests.
    static let program = Installation.program + "-fault-writer"
    /// Whether this host lets us trace a process.
    static let isPossible: Bool = {
        let trial = try? ChildProcess(
            "strace", ["-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "true"])
        return trial?.waitForEnd(within: .seconds(60)) == true && trial?.exitCode == 0
    }()

    /// What was there before the tracer: nothing, not even the folder of the spool, or a spool that
    /// was closed.
    struct Start {
        /// The files, by path.
        var files: [String: [UInt8]] = [:]
        /// What the writer had said.
        var lines: [String] = []
    }

    let directory: TemporaryDirectory
    let start: Start
    let child: ChildProcess

    var options: SpoolOptions {
        var options = SpoolOptions(path: directory.path + "/var/spool.db")
        options.minFreeBytes = 0
        return options
    }
    var log: String { readText(directory.path + "/log") }

    /// Starts it. `injections` are what strace takes after `-e inject=`. With `preparedRuns` that many
    /// runs of each of four writers are there before; the calls of strace's count begin behind them.
    init(_ arguments: [String], injections: [String] = [], preparedRuns: Int = 0) throws {
        directory = try TemporaryDirectory("puypuy-traced")
        let path = "path=\(directory.path)/var/spool.db"
        var start = Start()
        if preparedRuns > 0 {
            start = try TracedWriter.prepare(directory, [path, "runs=\(preparedRuns * 4)"])
        }
        self.start = start
        child = try ChildProcess(
            "strace",
            ["-f", "-qq", "--seccomp-bpf", "-xx", "-s", "16777216"]
                + ["-e", "trace=" + SystemCallRecord.calls, "-o", directory.path + "/record"]
                + injections.flatMap { ["-e", "inject=" + $0] }
                + [TracedWriter.program, path, "first=\(preparedRuns + 1)"] + arguments,
            log: directory.path + "/log", directory: directory.path)
    }

    private static func prepare(
        _ directory: TemporaryDirectory, _ arguments: [String]
    ) throws -> Start {
        let log = directory.path + "/prepared"
        let child = try ChildProcess(program, arguments, log: log, directory: directory.path)
        guard child.waitForEnd(within: .seconds(60)), child.exitCode == 0 else {
            throw TestSupportError("no spool was prepared: \(readText(log))")
        }
        var start = Start(lines: readText(log).split(separator: "\n").map(String.init))
        for name in names(inDirectory: directory.path + "/var") {
            let path = directory.path + "/var/" + name
            start.files[path] = try readBytes(path)
        }
        return start
    }

    /// Waits for its end.
    func waitForEnd() throws {
        guard child.waitForEnd(within: .seconds(300)) else {
            throw TestSupportError("the fault writer does not end: \(log.suffix(2_000))")
        }
    }

    /// kill -9 of the writer; strace ends after it.
    func kill() {
        let holder = readText(directory.path + "/var/spool.lock").prefix { $0.isNumber }
        if let pid = pid_t(holder) { Glibc.kill(pid, SIGKILL) }
    }

    /// What it did, once it has ended.
    func record() throws -> SystemCallRecord { try SystemCallRecord(directory.path + "/record") }
}
