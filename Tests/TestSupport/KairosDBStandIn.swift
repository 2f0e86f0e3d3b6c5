public import PuyPuyCore
internal import Synchronization

/// A strict KairosDB for tests: it stores what the real one stores, refuses what the real one
/// refuses, in the same words and with the same part of a request stored.
///
/// Written from kairosdb 1.3 `core/http/rest/MetricsResource.java`,
/// `core/http/rest/json/DataPointsParser.java` and `util/Validator.java`.
public final class KairosDBStandIn: Sendable {
    /// What a server makes of a compressed body.
    public enum Gzip: Sendable {
        /// Reads it, as 1.3 does.
        case taken
        /// Takes it for JSON, as 1.2 and before do: 400.
        case readAsJSON
        /// Answers 500 `Not in GZIP format`.
        case fails
    }

    /// How the server is set up, and what ails it.
    public struct Options: Sendable {
        /// What it makes of compressed bodies.
        public var gzip = Gzip.taken
        /// As 1.0.1 and before: no `:` or `=` in tags.
        public var refusesColons = false
        /// Whom it lets in (HTTP basic).
        public var credentials: (user: String, password: String)?
        /// `kairosdb.server.type` without INGEST.
        public var takesNoPoints = false
        /// Ends a request before the metric object of a series: what came before is stored, this and
        /// all behind it are not. The status and the words of the one error.
        public var aborts: (@Sendable (Series) -> (status: Int, words: String)?)?
        /// Refuses the metric object of a series, with these words behind `metric[I](name=NAME).`.
        public var refuses: (@Sendable (Series) -> String?)?
        /// Where it says something, that is the reply, and nothing is stored.
        public var reply: (@Sendable (StandInHTTPServer.Request) -> StandInHTTPServer.Reply?)?

        /// The defaults.
        public init() {}
    }

    private final class Core: Sendable {
        struct State {
            var options: Options
            var stored: [Series: [KairosIngest.Place: StoredPoint]] = [:]
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
        server = try StandInHTTPServer { KairosDBStandIn.reply(to: $0, core) }
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

    /// What it holds, in the order of time. A long and a double of the same time are two points.
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
            return .status(401, body: "Unauthorized")
        }
        guard request.target == "/api/v1/datapoints" else {
            return .status(404, body: "<html>404 Not Found</html>")
        }
        guard request.method == "POST" else { return .status(405) }
        if options.takesNoPoints {
            return errors(
                403, ["Forbidden: INGEST API methods are disabled on this KairosDB instance."])
        }
        if request.headers["content-encoding"] == "gzip" {
            switch options.gzip {
            case .taken where !request.body.isEmpty: break
            case .taken, .fails: return errors(500, ["Not in GZIP format"])
            case .readAsJSON:
                return errors(
                    400,
                    ["Use JsonReader.setLenient(true) to accept malformed JSON at line 1 column 1"])
            }
        }
        let ingest = KairosIngest(options: options) { series, place, point in
            core.state.withLock { $0.stored[series, default: [:]][place] = point }
        }
        return ingest.reply(to: request.body)
    }

    static func errors(_ status: Int, _ words: [String]) -> StandInHTTPServer.Reply {
        .status(
            status, headers: ["Content-Type: application/json; charset=UTF-8"],
            body: "{\"errors\":[" + words.map(JSONNode.quoted).joined(separator: ",") + "]}")
    }
}
