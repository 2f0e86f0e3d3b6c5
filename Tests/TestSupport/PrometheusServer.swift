internal import Glibc
public import PuyPuyCore
internal import Synchronization

/// A real Prometheus of the test's own that takes remote write: on loopback, with its own directory,
/// gone with the object.
///
/// Restarts keep the data and the port. What a writer should know of Prometheus 2.42: it takes the
/// samples of a series in the order of time only, and none older than an hour before its newest.
public final class PrometheusServer: Sendable {
    private struct State {
        var port: UInt16
        var child: ChildProcess?
        var hasStarted = false
    }
    private let directory: TemporaryDirectory
    private let arguments: [String]
    private let state: Mutex<State>

    /// A server that is not started yet, but whose address is known. Without `takesRemoteWrite` it
    /// is one that nobody has told to.
    public init(takesRemoteWrite: Bool = true) throws(TestSupportError) {
        directory = try TemporaryDirectory("puypuy-prometheus")
        arguments = takesRemoteWrite ? ["--web.enable-remote-write-receiver"] : []
        state = Mutex(State(port: try LoopbackSocket.freePort()))
    }

    deinit { state.withLock { $0.child?.kill() } }

    /// A server that runs.
    public static func started(
        takesRemoteWrite: Bool = true
    ) throws(TestSupportError) -> PrometheusServer {
        let server = try PrometheusServer(takesRemoteWrite: takesRemoteWrite)
        try server.start()
        return server
    }

    /// Its port.
    public var port: UInt16 { state.withLock { $0.port } }
    /// Its address, `http://127.0.0.1:PORT`.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// All that it printed.
    public var log: String { readText("\(directory.path)/log") }

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

    /// Ends it at once (SIGKILL), and waits for its end. What it had confirmed is in its log.
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

    /// Another process may take the port between its choice and its use: the first start then
    /// chooses again.
    private func launch(_ state: inout State) throws(TestSupportError) {
        let configuration = try directory.write("prometheus.yml", "")
        for attempt in 1...5 {
            let child = try ChildProcess(
                "prometheus",
                [
                    "--config.file=\(configuration)", "--storage.tsdb.path=\(directory.path)/data",
                    "--web.listen-address=127.0.0.1:\(state.port)", "--log.level=warn",
                ] + arguments, log: "\(directory.path)/log", directory: directory.path)
            let port = state.port
            let answers = eventually {
                !child.isRunning || PrometheusServer.isReady(port)
            }
            if answers && child.isRunning {
                state.child = child
                state.hasStarted = true
                return
            }
            child.kill()
            if state.hasStarted || attempt == 5 { break }
            state.port = try LoopbackSocket.freePort()
        }
        throw TestSupportError("prometheus does not start: \(log.suffix(500))")
    }

    private static func isReady(_ port: UInt16) -> Bool {
        (try? LoopbackRequest("GET", "/-/ready", port: port, timeoutSeconds: 5))?.status == 200
    }
}

extension PrometheusServer {
    /// The points of the last hours up to now, by series and in the order of time; the label
    /// `__name__` is the metric.
    public func points(hours: Int = 3) throws(TestSupportError) -> [Series: [StoredPoint]] {
        let query = LoopbackRequest.percentEncoded("{__name__!=\"\"}[\(hours)h]")
        // A later time than now takes in the samples of the last moment.
        let end = wallClockNs() / 1_000_000_000 + 60
        let answer = try LoopbackRequest(
            "GET", "/api/v1/query?query=\(query)&time=\(end)", port: port)
        let body = try JSONNode(parsing: answer.body)
        guard answer.status == 200, let result = body["data"]?["result"] else {
            throw TestSupportError(
                "query: \(String(decoding: answer.body.prefix(500), as: UTF8.self))")
        }
        var found: [Series: [StoredPoint]] = [:]
        for row in result.elements {
            let labels = row["metric"]?.members ?? []
            let series = Series(
                metric: labels.first { $0.key == "__name__" }?.value.text ?? "",
                tags: Tags(
                    labels.filter { $0.key != "__name__" }.map { ($0.key, $0.value.text ?? "") }))
            for sample in row["values"]?.elements ?? [] {
                guard let time = sample.elements.first?.numberText,
                    let value = sample.elements.last?.text
                else { throw TestSupportError("query: a sample is of another form") }
                found[series, default: []].append(
                    StoredPoint(timestampNs: PrometheusServer.nanoseconds(time), text: value))
            }
        }
        return found
    }

    /// `1700000000.123`, exactly.
    private static func nanoseconds(_ seconds: String) -> Int64 {
        let parts = seconds.split(separator: ".")
        let fraction = (parts.count > 1 ? String(parts[1]) : "") + "000000000"
        return (Int64(parts[0]) ?? 0) * 1_000_000_000 + (Int64(fraction.prefix(9)) ?? 0)
    }
}
