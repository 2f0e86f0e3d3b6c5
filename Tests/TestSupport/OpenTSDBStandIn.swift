public import PuyPuyCore
internal import Synchronization

/// A strict OpenTSDB 2.4 for tests: it stores what the real one stores, refuses what the real one
/// refuses, in the same words and with the same part of a request stored.
///
/// Written from opentsdb 2.4 `tsd/PutDataPointRpc.java`, `core/IncomingDataPoint.java`,
/// `core/Tags.java`, `core/TSDB.java` and `tsd/RpcHandler.java`.
public final class OpenTSDBStandIn: Sendable {
    /// How it is set up; may be changed while it runs. The defaults are those of the real one.
    public struct Settings: Sendable {
        /// `tsd.http.request.enable_chunked`
        public var takesChunks = false
        /// `tsd.http.request.max_chunk`: what is larger, and comes in pieces, is cut off without a
        /// word.
        public var maxChunkBytes = 4096
        /// Whom the proxy before it lets through.
        public var credentials: (user: String, password: String)?
        /// A proxy that passes no compressed body on.
        public var refusesGzip = false
        /// What it complains about at a point of this series, by the names that are on the wire:
        /// `Please throttle`, `Unknown metric`, `Unexpected exception`, or a permanent refusal.
        public var poison: @Sendable (Series) -> String? = { _ in nil }
        /// Why the storage fails for this series. Who asked with `sync` is told, with status 200.
        public var storageFailure: @Sendable (Series) -> String? = { _ in nil }
        /// Faults, by the request and its number from 1.
        public var fault: @Sendable (StandInHTTPServer.Request, Int) -> StandInFault? = { _, _ in
            nil
        }

        /// The defaults.
        public init() {}
    }

    /// The decoder passes larger bodies on in pieces (netty 3, `HttpRequestDecoder`).
    private static let pieceBytes = 8192

    /// Its port.
    public let port: UInt16
    private let state: Mutex<State>
    private let server: Mutex<StandInHTTPServer?>

    private struct State {
        var settings: Settings
        var stored: [Series: [Int64: StoredPoint]] = [:]
        var requestCount = 0
    }

    /// A stand-in that runs.
    public init(_ settings: Settings = Settings()) throws(TestSupportError) {
        state = Mutex(State(settings: settings))
        port = try LoopbackSocket.freePort()
        server = Mutex(nil)
        try start()
    }

    /// Its address.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// The requests so far, but for those before a stop.
    public var requests: [StandInHTTPServer.Request] { server.withLock { $0?.requests ?? [] } }

    /// Changes the settings from the next request on.
    public func change(_ change: (inout Settings) -> Void) {
        state.withLock { change(&$0.settings) }
    }

    /// Closes its port and all connections; the points stay.
    public func stop() {
        server.withLock {
            $0?.stop()
            $0 = nil
        }
    }

    /// Listens again on the same port.
    public func start() throws(TestSupportError) {
        let started = try StandInHTTPServer(port: port) { [weak self] request in
            self?.answer(request) ?? .close
        }
        server.withLock { $0 = started }
    }

    /// What it holds, by the names on the wire and in the order of time.
    public func points() -> [Series: [StoredPoint]] {
        state.withLock { $0.stored }
            .mapValues { $0.values.sorted { $0.timestampNs < $1.timestampNs } }
    }

    /// The number of points that it holds.
    public var pointCount: Int {
        state.withLock { $0.stored.values.reduce(0) { $0 + $1.count } }
    }

    private func answer(_ request: StandInHTTPServer.Request) -> StandInHTTPServer.Reply {
        state.withLock { state in
            state.requestCount += 1
            switch state.settings.fault(request, state.requestCount) {
            case .instead(let reply): return reply
            case .afterwards(let reply):
                _ = OpenTSDBStandIn.reply(to: request, &state)
                return reply
            case nil: return OpenTSDBStandIn.reply(to: request, &state)
            }
        }
    }

    private static func reply(
        to request: StandInHTTPServer.Request, _ state: inout State
    ) -> StandInHTTPServer.Reply {
        let settings = state.settings
        if let (user, password) = settings.credentials,
            request.headers["authorization"] != "Basic \(base64("\(user):\(password)"))"
        {
            return .status(401, body: "<html>401 Authorization Required</html>")
        }
        let comesInPieces =
            request.wireBytes > pieceBytes || request.headers["transfer-encoding"] != nil
            || request.headers["expect"] != nil
        if comesInPieces && !settings.takesChunks {
            return error(400, "Chunked request not supported.")
        }
        if comesInPieces && request.wireBytes > settings.maxChunkBytes { return .close }
        let path = request.target.prefix { $0 != "?" }
        guard path == "/api/put" else { return error(404, "Endpoint not found") }
        guard request.method == "POST" else { return error(405, "Method not allowed") }
        let isGzip = request.headers["content-encoding"] == "gzip"
        if request.body.isEmpty && !isGzip { return error(400, "Missing message content") }
        guard !(isGzip && settings.refusesGzip),
            let body = try? JSONNode(parsing: request.body)
        else { return error(400, "Unable to parse the given JSON") }
        let query = request.target.dropFirst(path.count + 1).split(separator: "&")
            .map { $0.prefix { $0 != "=" } }
        let put = OpenTSDBPut(
            asked: Set(query.map(String.init)), poison: settings.poison,
            storageFailure: settings.storageFailure)
        return put.reply(to: body) { state.stored[$0, default: [:]][$1.timestampNs] = $1 }
    }

    static func error(_ status: Int, _ message: String) -> StandInHTTPServer.Reply {
        .status(
            status, headers: ["Content-Type: application/json; charset=UTF-8"],
            body: #"{"error":{"code":\#(status),"message":\#(JSONNode.quoted(message))}}"#)
    }
}
