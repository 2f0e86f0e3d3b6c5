public import PuyPuyCore
internal import Synchronization

/// A strict OpenTSDB 2.4 for tests: it stores what the real one stores, refuses what the real one
/// refuses, in the same words and with the same part of a request stored.
///
/// Written from opentsdb 2.4 `tsd/PutDataPointRpc.java`, `core/IncomingDataPoint.java`,
/// `core/Tags.java`, `core/TSDB.java` and `tsd/RpcHandler.java`.
public final class OpenTSDBStandIn: Sendable {
    /// What becomes of a point beside what is wrong with itself.
    public enum Trouble: Sendable {
        /// An exception when the point is taken, in the server's words: `Please throttle`,
        /// `Unknown metric`, `Unexpected exception`, or a permanent refusal. It counts as failed.
        case complaint(String)
        /// The storage fails, with these words. Who asked with `sync` is told, with status 200.
        case storage(String)
    }

    /// How the server is set up, and what ails it. The defaults are those of the real one.
    public struct Options: Sendable {
        /// `tsd.http.request.enable_chunked`
        public var takesChunks = false
        /// `tsd.http.request.max_chunk`: what is larger, and comes in pieces, is cut off without a
        /// word.
        public var maxChunkBytes = 4096
        /// Whom the proxy before it lets through.
        public var credentials: (user: String, password: String)?
        /// A proxy that passes no compressed body on.
        public var refusesGzip = false
        /// The trouble with a point, by the names that are on the wire.
        public var trouble: (@Sendable (Series) -> Trouble?)?
        /// Where it says something, that is the reply, and nothing is stored.
        public var reply: (@Sendable (StandInHTTPServer.Request) -> StandInHTTPServer.Reply?)?

        /// The defaults.
        public init() {}
    }

    /// The decoder passes larger bodies on in pieces (netty 3, `HttpRequestDecoder`).
    private static let pieceBytes = 8192

    private final class Core: Sendable {
        struct State {
            var options: Options
            var stored: [Series: [Int64: StoredPoint]] = [:]
        }
        let state: Mutex<State>
        init(_ options: Options) { state = Mutex(State(options: options)) }
    }
    private let core: Core
    private let server: StandInHTTPServer

    /// A server that runs.
    public init(_ options: Options = Options()) throws(TestSupportError) {
        let core = Core(options)
        self.core = core
        server = try StandInHTTPServer { OpenTSDBStandIn.reply(to: $0, core) }
    }

    /// Its address.
    public var url: String { server.url }
    /// The requests so far.
    public var requests: [StandInHTTPServer.Request] { server.requests }
    /// From now on connections are refused.
    public func stop() { server.stop() }

    /// Changes how it is set up from the next request on.
    public func change(_ change: @Sendable (inout Options) -> Void) {
        core.state.withLock { change(&$0.options) }
    }

    /// What it holds, by the names on the wire and in the order of time.
    public func points() -> [Series: [StoredPoint]] {
        core.state.withLock { $0.stored }
            .mapValues { $0.values.sorted { $0.timestampNs < $1.timestampNs } }
    }

    /// The number of points that it holds.
    public var pointCount: Int {
        core.state.withLock { $0.stored.values.reduce(0) { $0 + $1.count } }
    }

    private static func reply(
        to request: StandInHTTPServer.Request, _ core: Core
    ) -> StandInHTTPServer.Reply {
        let options = core.state.withLock { $0.options }
        if let reply = options.reply?(request) { return reply }
        if let (user, password) = options.credentials,
            request.headers["authorization"] != "Basic \(base64("\(user):\(password)"))"
        {
            return .status(401, body: "<html>401 Authorization Required</html>")
        }
        let comesInPieces =
            request.wireBytes > pieceBytes || request.headers["transfer-encoding"] != nil
            || request.headers["expect"] != nil
        if comesInPieces && !options.takesChunks {
            return error(400, "Chunked request not supported.")
        }
        if comesInPieces && request.wireBytes > options.maxChunkBytes { return .close }
        let path = request.target.prefix { $0 != "?" }
        guard path == "/api/put" else { return error(404, "Endpoint not found") }
        guard request.method == "POST" else { return error(405, "Method not allowed") }
        let isGzip = request.headers["content-encoding"] == "gzip"
        if request.body.isEmpty && !isGzip { return error(400, "Missing message content") }
        guard !(isGzip && options.refusesGzip),
            let body = try? JSONNode(parsing: request.body)
        else { return error(400, "Unable to parse the given JSON") }
        let query = request.target.dropFirst(path.count + 1).split(separator: "&")
            .map { $0.prefix { $0 != "=" } }
        return OpenTSDBPut(
            asked: Set(query.map(String.init)), trouble: options.trouble,
            store: { series, point in
                core.state.withLock { $0.stored[series, default: [:]][point.timestampNs] = point }
            }
        ).reply(to: body)
    }

    static func error(_ status: Int, _ message: String) -> StandInHTTPServer.Reply {
        .status(
            status, headers: ["Content-Type: application/json; charset=UTF-8"],
            body: #"{"error":{"code":\#(status),"message":\#(JSONNode.quoted(message))}}"#)
    }
}
