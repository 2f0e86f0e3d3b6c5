public import PuyPuyCore
internal import Synchronization

/// A strict stand-in of Prometheus 2.42 as a receiver of remote write 1.0, for the faults that a real
/// one does not have on demand.
///
/// A request is stored whole or not at all. A sample that is older than the newest of its series, or
/// another one at its time, refuses the request, in Prometheus' words.
public final class RemoteWriteStandIn: Sendable {
    /// How it is set up; may be changed while it runs.
    public struct Settings: Sendable {
        /// The Authorization header that it asks for; `nil` to take everybody.
        public var authorization: String?
        /// Where it takes requests.
        public var path = "/api/v1/write"
        /// The most bytes in a request, compressed.
        public var maxBodyBytes = 32 * 1024 * 1024
        /// Why a series is refused.
        public var poison: @Sendable (Series) -> String? = { _ in nil }
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
        var points: [Series: [StoredPoint]] = [:]
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
    /// Every series, under the names on the wire, with its points in the order of time.
    public func points() -> [Series: [StoredPoint]] { state.withLock { $0.points } }
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

    private func answer(_ request: StandInHTTPServer.Request) -> StandInHTTPServer.Reply {
        state.withLock { state in
            state.requestCount += 1
            switch state.settings.fault(request, state.requestCount) {
            case .instead(let reply): return reply
            case .afterwards(let reply):
                _ = RemoteWriteStandIn.write(request, &state)
                return reply
            case nil: return RemoteWriteStandIn.write(request, &state)
            }
        }
    }

    private static func write(
        _ request: StandInHTTPServer.Request, _ state: inout State
    ) -> StandInHTTPServer.Reply {
        let settings = state.settings
        if let wanted = settings.authorization, request.headers["authorization"] != wanted {
            return .status(401, body: "Unauthorized\n")
        }
        guard request.target == settings.path else {
            return .status(404, body: "404 page not found\n")
        }
        guard request.method == "POST" else { return .status(405, body: "Method Not Allowed\n") }
        guard request.headers["content-type"] == "application/x-protobuf",
            request.headers["content-encoding"] == "snappy",
            request.headers["x-prometheus-remote-write-version"] == "0.1.0"
        else { return .status(415) }
        guard request.wireBytes <= settings.maxBodyBytes else {
            return .status(413, body: "http: request body too large\n")
        }
        do throws(TestSupportError) {
            let message = try RemoteWriteMessage(compressed: request.body)
            if let objection = objection(to: message, state) {
                return .status(400, body: objection + "\n")
            }
            keep(message, &state)
            return .status(204)
        } catch {
            return .status(400, body: "\(error)\n")
        }
    }

    private static func objection(to message: RemoteWriteMessage, _ state: State) -> String? {
        for series in message.series {
            if let words = state.settings.poison(series.series) { return words }
            guard let newest = state.points[series.series]?.last else { continue }
            for sample in series.samples {
                let timestampNs = sample.timeMs * 1_000_000
                if timestampNs < newest.timestampNs { return "out of order sample" }
                if timestampNs == newest.timestampNs
                    && sample.value.bitPattern != newest.value.bitPattern
                {
                    return "duplicate sample for timestamp"
                }
            }
        }
        return nil
    }

    private static func keep(_ message: RemoteWriteMessage, _ state: inout State) {
        for series in message.series {
            for sample in series.samples {
                let timestampNs = sample.timeMs * 1_000_000
                if state.points[series.series]?.last?.timestampNs == timestampNs { continue }
                state.points[series.series, default: []].append(
                    StoredPoint(
                        timestampNs: timestampNs, value: sample.value,
                        integer: Int64(exactly: sample.value)))
            }
        }
    }
}
