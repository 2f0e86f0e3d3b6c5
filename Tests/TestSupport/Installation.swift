internal import Foundation
public import Glibc
public import PuyPuyCore

/// PuyPuy as somebody has it: a folder with a configuration, and the real program.
public final class Installation {
    /// The folder.
    public let directory: TemporaryDirectory
    private var daemon: ChildProcess?

    /// The program that was built with the tests, or the release program.
    public static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "puypuy").path
    /// The release program, where `make test` or `make faults` has built one.
    public static let releaseProgram = ProcessInfo.processInfo.environment["PUYPUY_RELEASE_BINARY"]

    /// The folder of the project.
    public static let project = ancestor(of: #filePath, levels: 3)

    /// The path of the folder.
    public var path: String { directory.path }
    /// The program that is used.
    public var program = Installation.program
    /// A command that runs the daemon: the daemon's own command line follows its words.
    public var wrapper: [String] = []

    /// A folder with `configuration` as config.ini, `checks` enabled and `scripts` by file name.
    public init(
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
    public static func shipped() throws -> Installation {
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

    /// All that the daemon has printed.
    public var log: String { readText(path + "/daemon.log") }
    /// The process id of the daemon that was started last.
    public var daemonPid: pid_t { daemon?.pid ?? 0 }
    /// Whether the daemon runs.
    public var isRunning: Bool { daemon?.isRunning ?? false }

    /// Starts the daemon; its output goes to ``log``.
    public func start() throws {
        let words = wrapper + [program, "daemon", "--config", path + "/config.ini"]
        daemon = try ChildProcess(words[0], Array(words.dropFirst()), log: path + "/daemon.log")
    }

    /// kill -9.
    public func kill() { daemon?.kill() }

    /// SIGTERM, and the exit code.
    public func stop(within deadline: Duration = .seconds(60)) -> Int32? {
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

    /// What a command printed.
    public struct Output {
        /// The exit code.
        public let code: Int32
        /// Standard output.
        public let text: String
        /// Standard error.
        public let errors: String
    }

    /// Runs a command to its end, with further variables of the `environment`: `NAME=text`.
    public func run(_ arguments: [String], environment: [String] = []) throws -> Output {
        let out = path + "/out-\(UUID().uuidString)"
        let script = "out=$1; shift; exec env \"$@\" >\"$out.1\" 2>\"$out.2\""
        let child = try ChildProcess(
            "/bin/sh",
            ["-c", script, "sh", out, "-C", path] + environment + [program] + arguments)
        guard child.waitForEnd(within: .seconds(120)) else {
            throw TestSupportError("\(arguments) did not end")
        }
        return Output(
            code: child.exitCode ?? -1, text: readText(out + ".1"), errors: readText(out + ".2"))
    }

    /// What `spool inspect --json` says.
    public func inspect() throws -> Inspection {
        let output = try run(["spool", "inspect", "--json"])
        guard output.code == 0 else { throw TestSupportError(output.errors) }
        return try Installation.decoder.decode(Inspection.self, from: Data(output.text.utf8))
    }

    /// Every retained point, by series.
    public func collected() throws -> [Series: [StoredPoint]] {
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
    public func audit() throws -> Bool {
        let output = try run(["spool", "inspect", "--audit"])
        return output.code == 0 && !output.text.contains("NOT")
    }

    /// What `spool inspect --json` says, as far as tests ask.
    public struct Inspection: Decodable {
        /// A destination and its books.
        public struct Backend: Decodable {
            /// The name.
            public let name: String
            /// The books, in points.
            public let collected, delivered, pending, dead, expired: Int
            /// Whether the books balance.
            public let balances: Bool
        }
        /// How a check is doing.
        public struct Check: Decodable {
            /// The name.
            public let name: String
            /// Sums over all runs.
            public let runs, failures, points: Int
            /// What was wrong with the last run.
            public let lastProblem: String?
        }
        /// A metric of the newest points.
        public struct Metric: Decodable {
            /// The name.
            public let name: String
            /// How many of the points are its own.
            public let points: Int
            /// The newest value.
            public let lastValue: Double
        }
        /// Retained points, and the series they are of.
        public let points, series: Int
        /// The destinations.
        public let backends: [Backend]
        /// The checks.
        public let checks: [Check]
        /// The metrics.
        public let metrics: [Metric]

        /// The destination of this name.
        public func backend(_ name: String) -> Backend? { backends.first { $0.name == name } }
        /// The check of this name.
        public func check(_ name: String) -> Check? { checks.first { $0.name == name } }
    }

    private struct PrintedPoint: Decodable {
        let metric: String
        let tags: [String: String]
        let timeNs: Int64
        let value: Double
    }
}
