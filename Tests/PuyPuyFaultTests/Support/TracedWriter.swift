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
        return trial?.waitForEnd(within: .seconds(10)) == true && trial?.exitCode == 0
    }()

    let directory: TemporaryDirectory
    let child: ChildProcess

    /// The folder of the spool is not there at the start; the writer makes it.
    var options: SpoolOptions {
        var options = SpoolOptions(path: directory.path + "/var/spool.db")
        options.minFreeBytes = 0
        return options
    }
    var log: String { readText(directory.path + "/log") }

    /// Starts it. `injections` are what strace takes after `-e inject=`.
    init(_ arguments: [String], injections: [String] = []) throws {
        directory = try TemporaryDirectory("puypuy-traced")
        child = try ChildProcess(
            "strace",
            ["-f", "-qq", "--seccomp-bpf", "-xx", "-s", "16777216"]
                + ["-e", "trace=" + SystemCallRecord.calls, "-o", directory.path + "/record"]
                + injections.flatMap { ["-e", "inject=" + $0] }
                + [TracedWriter.program, "path=\(directory.path)/var/spool.db"] + arguments,
            log: directory.path + "/log", directory: directory.path)
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
