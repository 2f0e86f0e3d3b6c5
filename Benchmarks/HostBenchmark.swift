import Glibc
import PuyPuyChecks
import PuyPuyCore
import PuyPuySpool
import TestSupport

/// What PuyPuy costs the host that it measures: one run of each built-in check, and, where the release
/// program was built, the program with the shipped configuration: to its first committed point, and
/// idle, with checks at 10 s.
enum HostBenchmark {
    private static let program = ".build/release/puypuy"
    private static let idleSeconds = 120

    static func run() async throws -> [Figure] {
        var figures = try await checks()
        if access(program, X_OK) == 0 {
            figures += try idle()
        } else {
            print("\(program) is not there: make build makes it")
        }
        return figures
    }

    private static func checks() async throws -> [Figure] {
        var figures: [Figure] = []
        for description in CheckRegistry.builtIn {
            // Nagios plugins are what they are, and need one to be configured.
            guard let check = try? description.make(CheckContext()), description.name != "nagios"
            else { continue }
            let scheduled = ScheduledCheck(
                name: description.name, check: check, interval: .seconds(10))
            var times: [Double] = []
            for _ in 0..<21 {
                let effort = try await Effort.of {
                    _ = try await Scheduler.collectOnce([scheduled], baseTags: ["host": "bench"])
                }
                times.append(effort.cpuSeconds * 1_000)
            }
            figures.append(Figure("check \(description.name)", median(times), "CPU-ms a run"))
        }
        return figures
    }

    private static func idle() throws -> [Figure] {
        let puypuy = try Installation.shipped()
        puypuy.program = program
        let begin = ContinuousClock.now
        try puypuy.start()
        let spool = "\(puypuy.path)/var/spool.db"
        while ((try? SpoolReader(path: spool).newestBatch()) ?? 0) == 0 {
            guard puypuy.isRunning, ContinuousClock.now - begin < .seconds(30) else {
                throw ScratchFolder.Failure(spool, ENOENT)
            }
            usleep(1_000)
        }
        let start = seconds(ContinuousClock.now - begin) * 1_000
        sleep(20)
        let before = ticks(puypuy.daemonPid)
        sleep(UInt32(idleSeconds))
        let busy = Double(ticks(puypuy.daemonPid) - before) / Double(sysconf(Int32(_SC_CLK_TCK)))
        let memory = readText("/proc/\(puypuy.daemonPid)/status")
        _ = puypuy.stop()
        return [
            Figure("program: start to the first committed point", start, "ms"),
            Figure("idle: processor time", busy * 3_600 / Double(idleSeconds), "CPU-s an hour"),
            Figure("idle: resident", megabytes("VmRSS:", in: memory), "MB"),
            Figure("idle: private", megabytes("RssAnon:", in: memory), "MB"),
        ]
    }

    /// proc(5): the processor time of a process in clock ticks, in the program and in the kernel.
    private static func ticks(_ pid: pid_t) -> Int {
        let stat = readText("/proc/\(pid)/stat")
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12 else { return 0 }
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }

    private static func megabytes(_ key: String, in status: String) -> Double {
        let line = status.split(separator: "\n").first { $0.hasPrefix(key) } ?? ""
        let kib = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
            Double($0)
        }
        return (kib ?? 0) / 1_024
    }
}
