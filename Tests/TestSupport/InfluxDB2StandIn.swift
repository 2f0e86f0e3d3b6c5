public import PuyPuyCore
internal import Synchronization

/// A strict stand-in of InfluxDB 2.x: `/api/v2/write`, one organization and one bucket.
///
/// Written from influxdb 2.7 `http/write_handler.go` and `models/points.go`. One line that cannot be
/// parsed refuses the whole request; a type conflict or a point beyond the retention does not.
public final class InfluxDB2StandIn: Sendable {
    /// How it is set up; may be changed while it runs.
    public struct Settings: Sendable {
        /// The only organization.
        public var organization = "org"
        /// The only bucket.
        public var bucket = "puypuy"
        /// The token that it asks for; `nil` to take everybody.
        public var token: String?
        /// Whether the token may write to the bucket.
        public var mayWrite = true
        /// The most bytes of lines in a request.
        public var maxBodyBytes = 50_000_000
        /// Points before this time are beyond the retention. Nanoseconds since the epoch.
        public var oldestNs = Int64.min
        /// Why a line of this series cannot be parsed.
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
        var store = LineStore()
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
    /// Every series with its points in the order of time.
    public func points() -> [Series: [StoredPoint]] { state.withLock { $0.store.sorted } }
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
                _ = InfluxDB2StandIn.write(request, &state)
                return reply
            case nil: return InfluxDB2StandIn.write(request, &state)
            }
        }
    }

    private static func error(
        _ status: Int, _ code: String, _ message: String
    ) -> StandInHTTPServer.Reply {
        .status(
            status, headers: ["Content-Type: application/json; charset=utf-8"],
            body: "{\"code\":\(jsonString(code)),\"message\":\(jsonString(message))}")
    }

    private static func write(
        _ request: StandInHTTPServer.Request, _ state: inout State
    ) -> StandInHTTPServer.Reply {
        let settings = state.settings
        guard request.target.split(separator: "?").first == "/api/v2/write" else {
            return error(404, "not found", "path not found")
        }
        guard request.method == "POST" else {
            return error(405, "method not allowed", "allow: POST")
        }
        if let token = settings.token,
            !["Token \(token)", "Bearer \(token)"].contains(request.headers["authorization"] ?? "")
        {
            return error(401, "unauthorized", "unauthorized access")
        }
        let units: [String: Int64] = ["ns": 1, "us": 1000, "ms": 1_000_000, "s": 1_000_000_000]
        guard let unitNs = units[queryValue("precision", in: request.target) ?? "ns"] else {
            return error(
                400, "invalid", "invalid precision; valid precision units are ns, us, ms, and s")
        }
        guard let bucket = queryValue("bucket", in: request.target), !bucket.isEmpty else {
            return error(404, "not found", "bucket not found")
        }
        let organization = queryValue("org", in: request.target) ?? ""
        guard organization == settings.organization else {
            return error(404, "not found", "organization name \"\(organization)\" not found")
        }
        guard bucket == settings.bucket else {
            return error(404, "not found", "bucket \"\(bucket)\" not found")
        }
        guard settings.mayWrite else {
            return error(403, "forbidden", "insufficient permissions for write")
        }
        guard request.body.count <= settings.maxBodyBytes else {
            return error(413, "request too large", "cannot read data: points batch is too large")
        }
        return store(request.body, unitNs, &state)
    }

    private static func store(
        _ body: [UInt8], _ unitNs: Int64, _ state: inout State
    ) -> StandInHTTPServer.Reply {
        var parsed: [(line: StrictLine, timestampNs: Int64)] = []
        var faults: [String] = []
        for bytes in body.split(separator: UInt8(ascii: "\n")) {
            do throws(StrictLine.Fault) {
                let line = try StrictLine(bytes, as: .influxDB2)
                if let words = state.settings.poison(line.series) {
                    throw StrictLine.Fault(words: words)
                }
                let (timestampNs, overflow) = line.time.multipliedReportingOverflow(by: unitNs)
                guard !overflow, timestampNs >= .min + 2, timestampNs <= .max - 1 else {
                    throw StrictLine.Fault(
                        words: "time outside range -9223372036854775806 - 9223372036854775806")
                }
                parsed.append((line, timestampNs))
            } catch {
                faults.append(
                    "unable to parse '\(String(decoding: bytes, as: UTF8.self))': \(error.words)")
            }
        }
        guard faults.isEmpty else {
            return error(400, "invalid", faults.joined(separator: "\n"))
        }
        var reason: String?
        var dropped = 0
        for (line, timestampNs) in parsed {
            if timestampNs < state.settings.oldestNs {
                dropped += 1
                reason = reason ?? "points beyond retention policy"
            } else if let type = state.store.typeThatConflicts(with: line) {
                dropped += 1
                reason =
                    reason
                    ?? "field type conflict: input field \"value\" on measurement "
                    + "\"\(line.series.metric)\" is type \(line.integer == nil ? "float" : "integer"), "
                    + "already exists as type \(type)"
            } else {
                state.store.keep(line, atNs: timestampNs)
            }
        }
        guard let reason else { return .status(204) }
        return error(
            422, "unprocessable entity",
            "failure writing points to database: partial write: \(reason) dropped=\(dropped)")
    }
}
