internal import Glibc
public import PuyPuyCore
internal import Synchronization

/// A real InfluxDB 1.x of the test's own: on loopback, with its own directory, gone with the object.
///
/// Restarts keep the data and the port. All calls block; the server may be stopped, killed and
/// paused while other threads talk to it.
public final class InfluxServer: Sendable {
    /// How the server is set up. The defaults are the server's own where they matter.
    public struct Options: Sendable {
        /// The most bytes in a request body.
        public var maxBodySize = 25_000_000
        /// The most series in a database.
        public var maxSeriesPerDatabase = 1_000_000
        /// The most bytes in the write cache before writes are refused.
        public var cacheMaxMemorySize = 1_073_741_824
        /// Asks for credentials; this administrator is made at the first start.
        public var administrator: (user: String, password: String)?
        /// Speaks HTTPS with the certificate and key of these PEM files.
        public var tls: (certificate: String, key: String)?

        /// The defaults.
        public init() {}
    }

    /// The port of its HTTP interface.
    public var port: UInt16 { state.withLock { $0.port } }
    /// Its address, `http://127.0.0.1:PORT`.
    public var url: String { "\(options.tls == nil ? "http" : "https")://127.0.0.1:\(port)" }
    /// Its directory: data, configuration, and `log` with all that it printed.
    public var path: String { directory.path }

    private struct State {
        var port: UInt16
        var child: ChildProcess?
        var hasStarted = false
    }
    private let options: Options
    private let directory: TemporaryDirectory
    private let state: Mutex<State>

    /// A server that is not started yet, but whose address is known.
    public init(_ options: Options = Options()) throws(TestSupportError) {
        self.options = options
        directory = try TemporaryDirectory("puypuy-influx")
        state = Mutex(State(port: try LoopbackSocket.freePort()))
    }

    deinit { state.withLock { $0.child?.kill() } }

    /// A server that runs and has these databases.
    public static func started(
        _ options: Options = Options(), databases: [String] = ["puypuy"]
    ) throws(TestSupportError) -> InfluxServer {
        let server = try InfluxServer(options)
        try server.start()
        for database in databases { try server.createDatabase(database) }
        return server
    }

    /// Starts it and waits until it answers. Nothing happens when it runs.
    public func start() throws(TestSupportError) {
        let result: Result<Bool, TestSupportError> = state.withLock { state in
            do throws(TestSupportError) {
                if state.child?.isRunning == true { return .success(false) }
                let first = !state.hasStarted
                try launch(&state)
                state.hasStarted = true
                return .success(first)
            } catch {
                return .failure(error)
            }
        }
        if try result.get(), let administrator = options.administrator {
            try statement(
                "CREATE USER \"\(administrator.user)\" WITH PASSWORD '\(administrator.password)' "
                    + "WITH ALL PRIVILEGES")
        }
    }

    /// Ends it as an operator would (SIGTERM), and waits for its end.
    public func stop() {
        let child = state.withLock { $0.child }
        child?.signal(SIGCONT)
        child?.signal(SIGTERM)
        if child?.waitForEnd(within: .seconds(60)) == false { child?.kill() }
    }

    /// Ends it at once (SIGKILL), and waits for its end.
    public func kill() { state.withLock { $0.child }?.kill() }

    /// Freezes it (SIGSTOP): connections are still taken by the kernel, nothing answers. Returns when
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

    /// Another process may take the port between its choice and its use: the first start then
    /// chooses again.
    private func launch(_ state: inout State) throws(TestSupportError) {
        for attempt in 1...5 {
            let port = state.port
            let configuration = try directory.write(
                "influxdb.conf", InfluxServer.configuration(directory.path, port: port, options))
            let child = try ChildProcess(
                "influxd", ["-config", configuration], log: "\(directory.path)/log",
                directory: directory.path)
            let answers = eventually {
                !child.isRunning || self.answers(port)
            }
            if answers && child.isRunning {
                state.child = child
                return
            }
            child.kill()
            if state.hasStarted || attempt == 5 { break }
            state.port = try LoopbackSocket.freePort()
        }
        throw TestSupportError("influxd does not start: see \(directory.path)/log")
    }

    private func answers(_ port: UInt16) -> Bool {
        if options.tls != nil { return (try? LoopbackSocket(connectingTo: port).port) != nil }
        return (try? LoopbackRequest("GET", "/ping", port: port, timeoutSeconds: 5))?.status == 204
    }

    private static func configuration(_ path: String, port: UInt16, _ options: Options) -> String {
        """
        reporting-disabled = true
        bind-address = "127.0.0.1:0"
        [meta]
          dir = "\(path)/meta"
          logging-enabled = false
        [data]
          dir = "\(path)/data"
          wal-dir = "\(path)/wal"
          query-log-enabled = false
          max-series-per-database = \(options.maxSeriesPerDatabase)
          cache-max-memory-size = \(options.cacheMaxMemorySize)
        [monitor]
          store-enabled = false
        [subscriber]
          enabled = false
        [shard-precreation]
          enabled = false
        [continuous_queries]
          enabled = false
        [logging]
          level = "warn"
          suppress-logo = true
        [http]
          bind-address = "127.0.0.1:\(port)"
          log-enabled = false
          auth-enabled = \(options.administrator != nil)
          max-body-size = \(options.maxBodySize)
          https-enabled = \(options.tls != nil)
          https-certificate = "\(options.tls?.certificate ?? "")"
          https-private-key = "\(options.tls?.key ?? "")"

        """
    }
}

extension InfluxServer {
    /// Makes a database; with `retention` (`"1h"`), points older than that are refused.
    public func createDatabase(_ name: String, retention: String? = nil) throws(TestSupportError) {
        try statement(
            "CREATE DATABASE \"\(name)\"" + (retention.map { " WITH DURATION \($0)" } ?? ""))
    }

    /// Writes lines of line protocol, behind the back of the program. Does not work over HTTPS.
    public func write(_ lines: String, database: String = "puypuy") throws(TestSupportError) {
        let answer = try LoopbackRequest(
            "POST", "/write?db=\(database)&precision=n", port: port, body: Array(lines.utf8))
        guard answer.status == 204 else {
            throw TestSupportError(
                "write to \(database): \(String(decoding: answer.body, as: UTF8.self))")
        }
    }

    /// Runs a statement that is no SELECT. Does not work over HTTPS.
    public func statement(_ text: String, database: String = "") throws(TestSupportError) {
        _ = try answer(to: text, database: database)
    }

    /// Runs a SELECT of one column with `GROUP BY *`, and gives each series with its points in the
    /// order of time. Does not work over HTTPS.
    public func query(
        _ select: String, database: String = "puypuy"
    ) throws(TestSupportError) -> [Series: [StoredPoint]] {
        try answer(to: select, database: database).series
    }

    /// The points of `metric`, or of all metrics, in `database`: the field `value` of every series.
    ///
    /// Over all metrics, integers come back rounded to floats when any metric has floats; ask for
    /// one metric where integers beyond 2^53 matter.
    public func points(
        of metric: String? = nil, database: String = "puypuy"
    ) throws(TestSupportError) -> [Series: [StoredPoint]] {
        let source = metric.map { "\"\(InfluxServer.escaped($0))\"" } ?? "/.*/"
        return try query("SELECT \"value\" FROM \(source) GROUP BY *", database: database)
    }

    /// The number of points in `database`.
    public func pointCount(database: String = "puypuy") throws(TestSupportError) -> Int {
        try query("SELECT count(\"value\") FROM /.*/", database: database).values
            .reduce(0) { $0 + $1.reduce(0) { $0 + Int($1.value) } }
    }

    private static func escaped(_ identifier: String) -> String {
        var text = ""
        for scalar in identifier.unicodeScalars {
            if scalar == "\\" || scalar == "\"" { text.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    private func answer(
        to statement: String, database: String
    ) throws(TestSupportError) -> InfluxAnswer {
        let target = "/query?epoch=ns&db=\(LoopbackRequest.percentEncoded(database))"
        let form = "q=\(LoopbackRequest.percentEncoded(statement))"
        var headers = ["Content-Type: application/x-www-form-urlencoded"]
        if let administrator = options.administrator {
            let pair = "\(administrator.user):\(administrator.password)"
            headers.append("Authorization: Basic \(base64(pair))")
        }
        let reply = try LoopbackRequest(
            "POST", target, port: port, headers: headers, body: Array(form.utf8))
        let answer = try InfluxAnswer.read(reply.body)
        if let error = answer.error {
            throw TestSupportError("\(statement): \(error)")
        }
        return answer
    }
}

/// RFC 4648, section 4.
func base64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var encoded = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var bits = group.reduce(0) { $0 << 8 | UInt32($1) }
        bits <<= UInt32(8 * (3 - group.count))
        for position in 0..<4 {
            let index = Int(bits >> UInt32(18 - 6 * position) & 63)
            encoded.append(position <= group.count ? alphabet[index] : "=")
        }
    }
    return encoded
}
