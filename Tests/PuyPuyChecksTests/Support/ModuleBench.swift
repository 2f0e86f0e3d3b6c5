import Glibc
import Logging
import PuyPuyCore
import TestSupport

@testable import PuyPuyChecks

/// Python modules in a folder of their own, run one at a time by the real host.
final class ModuleBench {
    let root: TemporaryDirectory
    let host: PythonHost
    let log = LogLines()
    /// The readings that the spool would hold.
    var states: [String: RateState] = [:]

    /// An empty folder; `options` are the configuration as modules see it.
    init(
        memoryMB: Int = 256, options: [PythonConfiguration.Option] = [],
        _ change: (inout PythonConfiguration) -> Void = { _ in }
    ) throws {
        root = try TemporaryDirectory()
        var configuration = PythonConfiguration()
        configuration.folder = root.path
        configuration.checksFolder = root.path
        configuration.memoryLimitBytes = memoryMB << 20
        configuration.hostname = "h"
        configuration.clusterName = "c"
        configuration.hostGroup = "g"
        configuration.location = "l"
        configuration.options = options
        change(&configuration)
        host = try PythonHost(configuration)
    }

    static let fixtures = ancestor(of: #filePath, levels: 2) + "/Fixtures/modules"

    /// Runs the module of the fixtures called `name` once.
    func run(fixture name: String, timeout: Duration = .seconds(20)) async throws -> Run {
        try await run(name, at: "\(ModuleBench.fixtures)/check_\(name).py", timeout: timeout)
    }

    /// Writes and runs a module once.
    func run(
        _ name: String, _ text: String, timeout: Duration = .seconds(20)
    ) async throws -> Run {
        let path = try root.write("check_\(name).py", text)
        return try await run(name, at: path, timeout: timeout)
    }

    /// Runs the module in the file `path` once. Its readings are there in the next run.
    func run(_ name: String, at path: String, timeout: Duration = .seconds(20)) async throws -> Run
    {
        let runs = try await Scheduler.collectOnce(
            [scheduled(name, at: path, timeout: timeout)], baseTags: ["host": "h", "cluster": "c"],
            rateStates: states)
        for change in runs[0].rateChanges { states[change.key] = change.state }
        return runs[0]
    }

    func scheduled(
        _ name: String, at path: String, interval: Duration = .seconds(60), timeout: Duration
    ) -> ScheduledCheck {
        let check = PythonModuleCheck(name: name, path: path, host: host, logger: log.logger)
        return ScheduledCheck(
            name: name, check: check, interval: interval, timeout: timeout, turns: host.turns)
    }
}

/// Whether a process ends soon, be it that nobody has reaped it yet.
func isGone(_ pid: pid_t) -> Bool {
    eventually {
        if kill(pid, 0) != 0 { return true }
        let stat = readText("/proc/\(pid)/stat")
        return stat.contains(") Z ") || stat.isEmpty
    }
}
