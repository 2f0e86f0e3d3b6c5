import Foundation
import PuyPuyCore
import TestSupport
import Testing

/// PuyPuy as somebody has it: a folder with a configuration, and the real program.
final class Installation {
    let directory: TemporaryDirectory
    private var daemon: ChildProcess?

    /// The program that was built with the tests, or the release program.
    static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "puypuy").path
    static let releaseProgram = ProcessInfo.processInfo.environment["PUYPUY_RELEASE_BINARY"]

    /// The folder of the project.
    static let project = ancestor(of: #filePath, levels: 3)

    var path: String { directory.path }
    var program = Installation.program

    /// A folder with `configuration` as config.ini, `checks` enabled and `scripts` by file name.
    init(
        configuration: String, checks: [String] = [], scripts: [String: String] = [:]
    ) throws {
        directory = try TemporaryDirectory()
        try directory.write("config.ini", configuration)
        for folder in ["checks_enabled", "scripts_enabled", "var"] {
            try FileManager.default.createDirectory(
                atPath: path + "/" + folder, withIntermediateDirectories: true)
        }
        for check in checks { try directory.write("checks_enabled/check_\(check).ini", "") }
        for (name, text) in scripts {
            try directory.write("scripts_enabled/\(name)", text, mode: 0o755)
        }
    }

    /// A copy of what is shipped, as it is but for the port of the web server, which another daemon
    /// of this host may have.
    static func shipped() throws -> Installation {
        let shipped = try Installation(configuration: "")
        for name in ["config.ini", "checks_enabled", "scripts_enabled"] {
            try? FileManager.default.removeItem(atPath: shipped.path + "/" + name)
            try FileManager.default.copyItem(
                atPath: project + "/" + name, toPath: shipped.path + "/" + name)
        }
        let address = "webaddress: 127.0.0.1:"
        let text = readText(shipped.path + "/config.ini").replacingOccurrences(
            of: ";\(address)9898", with: address + "\(try LoopbackClient.freePort())")
        try shipped.directory.write("config.ini", text)
        return shipped
    }

    deinit { daemon?.kill() }

    // MARK: The daemon

    var log: String { readText(path + "/daemon.log") }
    var daemonPid: pid_t { daemon?.pid ?? 0 }
    var isRunning: Bool { daemon?.isRunning ?? false }

    func start() throws {
        daemon = try ChildProcess(
            program, ["daemon", "--config", path + "/config.ini"], log: path + "/daemon.log")
    }

    func kill() { daemon?.kill() }

    /// SIGTERM, and the exit code.
    func stop(within deadline: Duration = .seconds(20)) -> Int32? {
        daemon?.signal(SIGTERM)
        guard daemon?.waitForEnd(within: deadline) == true else { return nil }
        return daemon?.exitCode
    }

    // MARK: Commands

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    struct Output {
        let code: Int32
        let text: String
        let errors: String
    }

    /// Runs a command to its end.
    func run(_ arguments: [String], environment: [String] = []) throws -> Output {
        let out = path + "/out-\(UUID().uuidString)"
        let script = "out=$1; shift; exec env \"$@\" >\"$out.1\" 2>\"$out.2\""
        let child = try ChildProcess(
            "/bin/sh",
            ["-c", script, "sh", out] + environment + ["-C", path, program] + arguments)
        guard child.waitForEnd(within: .seconds(120)) else {
            throw TestSupportError("\(arguments) did not end")
        }
        return Output(
            code: child.exitCode ?? -1, text: readText(out + ".1"), errors: readText(out + ".2"))
    }

    /// What `spool inspect --json` says.
    func inspect() throws -> Inspection {
        let output = try run(["spool", "inspect", "--json"])
        guard output.code == 0 else { throw TestSupportError(output.errors) }
        return try Installation.decoder.decode(Inspection.self, from: Data(output.text.utf8))
    }

    /// Every retained point, by series.
    func collected() throws -> [Series: [StoredPoint]] {
        let output = try run(["spool", "inspect", "--json", "--points", "4000000"])
        guard output.code == 0 else { throw TestSupportError(output.errors) }
        let points = try Installation.decoder.decode(
            [PrintedPoint].self, from: Data(output.text.utf8))
        var series: [Series: [StoredPoint]] = [:]
        for point in points {
            let key = Series(
                metric: point.metric, tags: Tags(point.tags.map { (key: $0.key, value: $0.value) }))
            series[key, default: []].append(
                StoredPoint(timestampNs: point.timeNs, value: point.value, integer: nil))
        }
        return series.mapValues { $0.sorted { $0.timestampNs < $1.timestampNs } }
    }

    /// Whether `spool inspect --audit` says that the books balance.
    func audit() throws -> Bool {
        let output = try run(["spool", "inspect", "--audit"])
        return output.code == 0 && !output.text.contains("NOT")
    }

    struct Inspection: Decodable {
        struct Backend: Decodable {
            let name: String
            let collected, delivered, pending, dead, expired: Int
            let balances: Bool
        }
        struct Check: Decodable {
            let name: String
            let runs, failures, points: Int
            let lastProblem: String?
        }
        struct Metric: Decodable {
            let name: String
            let points: Int
            let lastValue: Double
        }
        let points, series: Int
        let backends: [Backend]
        let checks: [Check]
        let metrics: [Metric]

        func backend(_ name: String) -> Backend? { backends.first { $0.name == name } }
        func check(_ name: String) -> Check? { checks.first { $0.name == name } }
    }

    private struct PrintedPoint: Decodable {
        let metric: String
        let tags: [String: String]
        let timeNs: Int64
        let value: Double
    }
}
