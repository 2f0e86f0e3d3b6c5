internal import Glibc
public import PuyPuyCore
internal import Synchronization

/// A real VictoriaMetrics of the test's own: on loopback, with its own directory, gone with the
/// object. It takes OpenTSDB's `/api/put` on a port of its own, and Prometheus' remote write.
///
/// Restarts keep the data and the ports. Source: victoria-metrics 1.79, `-help` and docs/README.md.
/// What a reader of its values should know:
///
/// - It keeps blocks of numbers as integers with one common power of ten, 64 bits of each. Values
///   of one series come back equal while they have up to 15 digits and are of similar size.
/// - It keeps a point that comes twice as two, unless `-dedup.minScrapeInterval` says otherwise, as
///   it does here.
/// - It drops points that are more than two days ahead, and says so only in its log.
/// - The unit of its times is the millisecond.
public final class VictoriaMetricsServer: Sendable {
    private struct State {
        var port: UInt16
        var openTSDBPort: UInt16
        var child: ChildProcess?
        var hasStarted = false
    }
    private let directory: TemporaryDirectory
    private let state: Mutex<State>

    /// A server that is not started yet, but whose addresses are known.
    public init() throws(TestSupportError) {
        directory = try TemporaryDirectory("puypuy-victoria")
        state = Mutex(
            State(
                port: try LoopbackSocket.freePort(), openTSDBPort: try LoopbackSocket.freePort()))
    }

    deinit { state.withLock { $0.child?.kill() } }

    /// A server that runs.
    public static func started() throws(TestSupportError) -> VictoriaMetricsServer {
        let server = try VictoriaMetricsServer()
        try server.start()
        return server
    }

    /// The port of its own interface: remote write, queries.
    public var port: UInt16 { state.withLock { $0.port } }
    /// The address of its own interface, `http://127.0.0.1:PORT`.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// The port where it is an OpenTSDB.
    public var openTSDBPort: UInt16 { state.withLock { $0.openTSDBPort } }
    /// The address where it is an OpenTSDB, `http://127.0.0.1:PORT`.
    public var openTSDBURL: String { "http://127.0.0.1:\(openTSDBPort)" }
    /// All that it printed.
    public var log: String { readText("\(directory.path)/log") }
    /// Whether the process runs.
    public var isRunning: Bool { state.withLock { $0.child }?.isRunning ?? false }

    /// Starts it and waits until it answers. Nothing happens when it runs.
    public func start() throws(TestSupportError) {
        let result: Result<Void, TestSupportError> = state.withLock { state in
            do throws(TestSupportError) {
                if state.child?.isRunning != true { try launch(&state) }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Ends it as an operator would (SIGTERM), and waits for its end.
    public func stop() {
        let child = state.withLock { $0.child }
        child?.signal(SIGTERM)
        if child?.waitForEnd(within: .seconds(60)) == false { child?.kill() }
    }

    /// Ends it at once (SIGKILL), and waits for its end. What it had not flushed is lost.
    public func kill() { state.withLock { $0.child }?.kill() }

    /// Another process may take a port between its choice and its use: the first start then chooses
    /// again.
    private func launch(_ state: inout State) throws(TestSupportError) {
        for attempt in 1...5 {
            let child = try ChildProcess(
                "victoria-metrics",
                [
                    "-storageDataPath=\(directory.path)/data",
                    "-httpListenAddr=127.0.0.1:\(state.port)",
                    "-opentsdbHTTPListenAddr=127.0.0.1:\(state.openTSDBPort)",
                    "-retentionPeriod=100y", "-precisionBits=64", "-memory.allowedBytes=64MB",
                    "-dedup.minScrapeInterval=1ms",
                    "-loggerLevel=WARN",
                ], log: "\(directory.path)/log", directory: directory.path)
            let (port, openTSDBPort) = (state.port, state.openTSDBPort)
            let answers = eventually {
                !child.isRunning || VictoriaMetricsServer.answers(port, openTSDBPort)
            }
            if answers && child.isRunning {
                state.child = child
                state.hasStarted = true
                return
            }
            child.kill()
            if state.hasStarted || attempt == 5 { break }
            state.port = try LoopbackSocket.freePort()
            state.openTSDBPort = try LoopbackSocket.freePort()
        }
        throw TestSupportError("victoria-metrics does not start: \(log.suffix(500))")
    }

    private static func answers(_ port: UInt16, _ openTSDBPort: UInt16) -> Bool {
        (try? LoopbackRequest("GET", "/health", port: port, timeoutSeconds: 5))?.status == 200
            && (try? LoopbackSocket(connectingTo: openTSDBPort).port) != nil
    }
}

extension VictoriaMetricsServer {
    /// Every point that it holds, by series and in the order of time; the label `__name__` is the
    /// metric. What was written before the call is there.
    public func points() throws(TestSupportError) -> [Series: [StoredPoint]] {
        _ = try LoopbackRequest("GET", "/internal/force_flush", port: port)
        let selector = LoopbackRequest.percentEncoded(#"{__name__!=""}"#)
        let answer = try LoopbackRequest(
            "GET", "/api/v1/export?match%5B%5D=\(selector)&start=0&end=9999999999", port: port)
        guard answer.status == 200 else {
            throw TestSupportError("export: \(String(decoding: answer.body, as: UTF8.self))")
        }
        var found: [Series: [StoredPoint]] = [:]
        for line in answer.body.split(separator: UInt8(ascii: "\n")) {
            let row = try JSONNode(parsing: Array(line))
            let labels = row["metric"]?.members ?? []
            let series = Series(
                metric: row["metric"]?["__name__"]?.text ?? "",
                tags: Tags(
                    labels.filter { $0.key != "__name__" }.map { ($0.key, $0.value.text ?? "") }))
            let times = (row["timestamps"]?.elements ?? []).map(\.numberText)
            let values = (row["values"]?.elements ?? []).map(\.numberText)
            for case (.some(let time), .some(let value)) in zip(times, values) {
                found[series, default: []].append(
                    StoredPoint(timestampNs: (Int64(time) ?? 0) * 1_000_000, text: value))
            }
        }
        return found.mapValues { $0.sorted { $0.timestampNs < $1.timestampNs } }
    }

    /// The number of points that it holds.
    public func pointCount() throws(TestSupportError) -> Int {
        try points().values.reduce(0) { $0 + $1.count }
    }
}
