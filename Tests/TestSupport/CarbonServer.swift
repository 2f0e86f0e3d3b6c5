internal import Glibc
internal import Synchronization

/// A real carbon-cache of the test's own: on loopback, with its own directory, gone with the object.
///
/// Restarts keep the files and the ports. All calls block; the server may be stopped, killed and
/// paused while other threads talk to it.
public final class CarbonServer: Sendable {
    /// How the server is set up.
    public struct Options: Sendable {
        /// The most new series in a minute; `nil` for no limit. Debian's default is 50.
        public var maxCreatesPerMinute: Int?
        /// What the files hold, as storage-schemas.conf has it: resolution and age.
        public var retentions = "1s:2h"

        /// The defaults.
        public init() {}
    }

    /// The port of its receiver of pickles.
    public var port: UInt16 { state.withLock { $0.ports[0] } }
    /// The port of its receiver of lines.
    public var linePort: UInt16 { state.withLock { $0.ports[1] } }
    /// The address of its receiver of pickles, `tcp://127.0.0.1:PORT`.
    public var url: String { "tcp://127.0.0.1:\(port)" }
    /// Its directory: files, configuration, and `log` with all that it printed.
    public var path: String { directory.path }

    private struct State {
        var ports: [UInt16]
        var child: ChildProcess?
        var hasStarted = false
    }
    private let options: Options
    private let directory: TemporaryDirectory
    private let state: Mutex<State>

    /// A server that is not started yet, but whose address is known.
    public init(_ options: Options = Options()) throws(TestSupportError) {
        self.options = options
        directory = try TemporaryDirectory("puypuy-carbon")
        state = Mutex(State(ports: try CarbonServer.freePorts()))
    }

    deinit { state.withLock { $0.child?.kill() } }

    /// A server that runs.
    public static func started(
        _ options: Options = Options()
    ) throws(TestSupportError) -> CarbonServer {
        let server = try CarbonServer(options)
        try server.start()
        return server
    }

    /// Starts it and waits until it takes connections. Nothing happens when it runs.
    public func start() throws(TestSupportError) {
        let result: Result<Void, TestSupportError> = state.withLock { state in
            Result { () throws(TestSupportError) in
                if state.child?.isRunning == true { return }
                try launch(&state)
                state.hasStarted = true
            }
        }
        try result.get()
    }

    /// Ends it at once (SIGKILL), and waits for its end. What it had read and not written is gone.
    public func kill() { state.withLock { $0.child }?.kill() }

    /// Freezes it (SIGSTOP): connections are still taken by the kernel, nothing is read. Returns when
    /// all of its threads stand still.
    public func pause() {
        guard let child = state.withLock({ $0.child }) else { return }
        child.signal(SIGSTOP)
        // proc(5): the state follows the name in brackets.
        _ = eventually {
            let stat = readText("/proc/\(child.pid)/stat")
            return stat.isEmpty || stat.contains(") T ")
        }
    }

    /// Goes on after ``pause()``.
    public func resume() { state.withLock { $0.child }?.signal(SIGCONT) }

    /// Whether the process runs, paused or not.
    public var isRunning: Bool { state.withLock { $0.child }?.isRunning ?? false }

    /// How many bytes its kernel has taken for its receiver of pickles that it has not read yet, as
    /// /proc/net/tcp has it.
    public var unreadBytes: Int {
        let digits = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        return readText("/proc/net/tcp").split(separator: "\n").reduce(0) { sum, line in
            let words = line.split(separator: " ")
            // 01 is a connection that stands; the queues are `sending:receiving`.
            guard words.count > 4, words[1].hasSuffix(suffix), words[3] == "01" else { return sum }
            return sum + (Int(words[4].split(separator: ":")[1], radix: 16) ?? 0)
        }
    }

    /// Another process may take a port between its choice and its use: the first start then chooses
    /// again.
    private func launch(_ state: inout State) throws(TestSupportError) {
        try directory.write(
            "conf/storage-schemas.conf",
            "[all]\npattern = .*\nretentions = \(options.retentions)\n")
        try directory.write("conf/storage-aggregation.conf", "")
        try directory.write("whisper/.made", "")
        for attempt in 1...5 {
            let ports = state.ports
            let configuration = try directory.write("conf/carbon.conf", configuration(ports))
            // A killed server leaves its number behind, and would not start over it.
            unlink("\(directory.path)/carbon-cache-a.pid")
            // The system's Python has the module, another one in the path may not.
            let child = try ChildProcess(
                "/usr/bin/python3",
                [
                    "/usr/bin/carbon-cache", "--config=\(configuration)", "--nodaemon", "--debug",
                    "start",
                ], log: "\(directory.path)/log", directory: directory.path)
            let answers = eventually(within: .seconds(60)) {
                !child.isRunning
                    || ports.allSatisfy { (try? LoopbackSocket(connectingTo: $0).port) != nil }
            }
            if answers && child.isRunning {
                state.child = child
                return
            }
            child.kill()
            if state.hasStarted || attempt == 5 { break }
            state.ports = try CarbonServer.freePorts()
        }
        throw TestSupportError("carbon-cache does not start: see \(directory.path)/log")
    }

    /// Held open together, so that they differ.
    private static func freePorts() throws(TestSupportError) -> [UInt16] {
        let first = try LoopbackSocket(listeningOn: 0)
        let second = try LoopbackSocket(listeningOn: 0)
        let third = try LoopbackSocket(listeningOn: 0)
        return [first.port, second.port, third.port]
    }

    private func configuration(_ ports: [UInt16]) -> String {
        let creates = options.maxCreatesPerMinute.map { "\($0)" } ?? "inf"
        return """
            [cache]
            STORAGE_DIR = \(path)
            LOCAL_DATA_DIR = \(path)/whisper
            CONF_DIR = \(path)/conf
            LOG_DIR = \(path)
            PID_DIR = \(path)
            USER =
            ENABLE_LOGROTATION = False
            PICKLE_RECEIVER_INTERFACE = 127.0.0.1
            PICKLE_RECEIVER_PORT = \(ports[0])
            LINE_RECEIVER_INTERFACE = 127.0.0.1
            LINE_RECEIVER_PORT = \(ports[1])
            CACHE_QUERY_INTERFACE = 127.0.0.1
            CACHE_QUERY_PORT = \(ports[2])
            MAX_UPDATES_PER_SECOND = inf
            MAX_CREATES_PER_MINUTE = \(creates)
            CARBON_METRIC_INTERVAL = 0
            ENABLE_TAGS = False
            WHISPER_SPARSE_CREATE = True
            WHISPER_FALLOCATE_CREATE = False

            """
    }
}

extension CarbonServer {
    /// One stored value.
    public struct Stored: Sendable, Hashable {
        /// Seconds since the epoch.
        public let second: Int64
        /// The value; equality of its bits matters.
        public let value: Double

        /// A value at a second.
        public init(_ second: Int64, _ value: Double) {
            self.second = second
            self.value = value
        }
    }

    /// All that is in its files, by path with dots, in the order of time: read with Debian's whisper.
    /// What carbon still holds in memory is not there yet; it writes about once a second.
    ///
    /// A tagged series is under `_tagged.` and parts of its hash.
    public func points() throws(TestSupportError) -> [String: [Stored]] {
        let script = """
            import os, struct, sys, whisper
            root = sys.argv[1]
            with open(sys.argv[2], 'w') as out:
                for folder, _, names in os.walk(root):
                    for name in names:
                        if not name.endswith('.wsp'): continue
                        file = os.path.join(folder, name)
                        try: (start, _, step), values = whisper.fetch(file, 0)
                        except Exception: continue
                        path = os.path.relpath(file, root)[:-4].replace('/', '.')
                        for index, value in enumerate(values):
                            if value is not None:
                                bits = struct.unpack('<Q', struct.pack('<d', value))[0]
                                out.write('%s %d %d\\n' % (path, start + index * step, bits))
            """
        let output = "\(path)/points-\(wallClockNs())"
        defer { unlink(output) }
        let log = "\(path)/read.log"
        let child = try ChildProcess(
            "/usr/bin/python3", ["-c", script, "\(path)/whisper", output], log: log)
        guard child.waitForEnd(within: .seconds(120)), child.exitCode == 0 else {
            throw TestSupportError("whisper cannot read: \(readText(log))")
        }
        var points: [String: [Stored]] = [:]
        let text = try readBytes(output)
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "))
            guard words.count == 3, let second = Int64(String(decoding: words[1], as: UTF8.self)),
                let bits = UInt64(String(decoding: words[2], as: UTF8.self))
            else { throw TestSupportError("whisper said something else") }
            points[String(decoding: words[0], as: UTF8.self), default: []]
                .append(Stored(second, Double(bitPattern: bits)))
        }
        return points
    }

    /// All that is in its files, as soon as that is `count` values, or after a while what there is.
    public func points(
        waitingFor count: Int, within deadline: Duration = .seconds(60)
    ) throws -> [String: [Stored]] {
        var found: [String: [Stored]] = [:]
        _ = try eventually(within: deadline) {
            found = try points()
            return found.values.reduce(0) { $0 + $1.count } >= count
        }
        return found
    }

    /// All that it printed, errors among it.
    public var log: String { readText("\(path)/log") }
}
