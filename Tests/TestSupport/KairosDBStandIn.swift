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

    /// How it is set up; may be changed while it runs.
    public struct Settings: Sendable {
        /// What it makes of compressed bodies.
        public var gzip = Gzip.taken
        /// As 1.0.1 and before: no `:` or `=` in tags.
        public var refusesColons = false
        /// Whom it lets in (HTTP basic).
        public var credentials: (user: String, password: String)?
        /// `kairosdb.server.type` without INGEST.
        public var takesNoPoints = false
        /// What it complains about at the metric object of this series, behind
        /// `metric[I](name=NAME).`. The others are stored.
        public var poison: @Sendable (Series) -> String? = { _ in nil }
        /// Ends a request before the metric object of this series: what came before is stored, this
        /// and all behind it are not. The status and the words of the one error.
        public var aborts: @Sendable (Series) -> (status: Int, words: String)? = { _ in nil }
        /// Faults, by the request and its number from 1.
        public var fault: @Sendable (StandInHTTPServer.Request, Int) -> StandInFault? = { _, _ in
            nil
        }

        /// The defaults.
        public init() {}
    }

    /// Its port.
    public let port: UInt16
    private let state: Mutex<State>
    private let server: Mutex<StandInHTTPServer?>

    private struct State {
        var settings: Settings
        var stored: [Series: [KairosIngest.Place: StoredPoint]] = [:]
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

    /// What it holds, in the order of time. A long and a double of the same time are two points.
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
                _ = KairosDBStandIn.reply(to: request, &state)
                return reply
            case nil: return KairosDBStandIn.reply(to: request, &state)
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
            return .status(401, body: "Unauthorized")
        }
        guard request.target == "/api/v1/datapoints" else {
            return .status(404, body: "<html>404 Not Found</html>")
        }
        guard request.method == "POST" else { return .status(405) }
        if settings.takesNoPoints {
            return errors(
                403, ["Forbidden: INGEST API methods are disabled on this KairosDB instance."])
        }
        if request.headers["content-encoding"] == "gzip" {
            switch settings.gzip {
            case .taken where !request.body.isEmpty: break
            case .taken, .fails: return errors(500, ["Not in GZIP format"])
            case .readAsJSON:
                return errors(
                    400,
                    ["Use JsonReader.setLenient(true) to accept malformed JSON at line 1 column 1"])
            }
        }
        return KairosIngest(settings: settings).reply(to: request.body) { series, place, point in
            state.stored[series, default: [:]][place] = point
        }
    }

    static func errors(_ status: Int, _ words: [String]) -> StandInHTTPServer.Reply {
        .status(
            status, headers: ["Content-Type: application/json; charset=UTF-8"],
            body: "{\"errors\":[" + words.map(JSONNode.quoted).joined(separator: ",") + "]}")
    }
}
