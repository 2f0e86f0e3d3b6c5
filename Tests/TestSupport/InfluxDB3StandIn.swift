public import PuyPuyCore
internal import Synchronization

/// A strict stand-in of InfluxDB 3.x: `/api/v3/write_lp`, which makes its databases by itself.
///
/// Written from influxdb 3 `influxdb3_server/src/http.rs` and the crate `influxdb_line_protocol`.
/// Lines that it refuses are named by their numbers, and the others are stored.
public final class InfluxDB3StandIn: Sendable {
    /// How it is set up; may be changed while it runs.
    public struct Settings: Sendable {
        /// The token that it asks for; `nil` to take everybody.
        public var token: String?
        /// Whether the token may write.
        public var mayWrite = true
        /// The most bytes of lines in a request.
        public var maxBodyBytes = 10 * 1024 * 1024
        /// The most databases.
        public var maxDatabases = 5
        /// The most tables, which are metrics, in a database.
        public var maxTables = 2000
        /// Why a line of this series is refused.
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
        var stores: [String: LineStore] = [:]
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
    /// Every series of a database with its points in the order of time.
    public func points(database: String = "puypuy") -> [Series: [StoredPoint]] {
        state.withLock { $0.stores[database]?.sorted ?? [:] }
    }
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
                _ = InfluxDB3StandIn.write(request, &state)
                return reply
            case nil: return InfluxDB3StandIn.write(request, &state)
            }
        }
    }

    private static func error(_ status: Int, _ words: String) -> StandInHTTPServer.Reply {
        .status(status, body: "{\"error\":\(jsonString(words)),\"data\":null}")
    }

    private static func write(
        _ request: StandInHTTPServer.Request, _ state: inout State
    ) -> StandInHTTPServer.Reply {
        let settings = state.settings
        if let token = settings.token,
            !["Token \(token)", "Bearer \(token)"].contains(request.headers["authorization"] ?? "")
        {
            return .status(401)
        }
        guard settings.mayWrite else { return .status(403) }
        guard request.target.split(separator: "?").first == "/api/v3/write_lp" else {
            return .status(404, body: "not found")
        }
        guard request.method == "POST" else {
            return .status(405, body: "HTTP request method not supported")
        }
        guard let database = queryValue("db", in: request.target), let first = database.utf8.first,
            first != UInt8(ascii: "_")
        else {
            return error(
                400, "invalid database name: db name did not start with a number or letter")
        }
        let units: [String: Int64] = [
            "nanosecond": 1, "microsecond": 1000, "millisecond": 1_000_000, "second": 1_000_000_000,
        ]
        guard let unitNs = units[queryValue("precision", in: request.target) ?? ""],
            queryValue("accept_partial", in: request.target) == "true",
            queryValue("no_sync", in: request.target) ?? "false" == "false"
        else { return error(400, "serde error: unknown variant") }
        guard request.body.count <= settings.maxBodyBytes else {
            return .status(413, body: "max request size (\(settings.maxBodyBytes) bytes) exceeded")
        }
        guard request.body.contains(where: { $0 > 32 }) else {
            return error(400, "incoming write was empty")
        }
        if state.stores[database] == nil && state.stores.count >= settings.maxDatabases {
            return error(
                422,
                "Update to schema would exceed number of databases limit of \(settings.maxDatabases)"
            )
        }
        return store(request.body, in: database, unitNs, &state)
    }

    private static func store(
        _ body: [UInt8], in database: String, _ unitNs: Int64, _ state: inout State
    ) -> StandInHTTPServer.Reply {
        var store = state.stores[database] ?? LineStore()
        var errors: [String] = []
        // As the server splits them: blank lines are not counted.
        let lines = body.split(separator: UInt8(ascii: "\n"))
        for (index, bytes) in lines.enumerated() {
            do throws(StrictLine.Fault) {
                let line = try StrictLine(bytes, as: .influxDB3)
                let (timestampNs, overflow) = line.time.multipliedReportingOverflow(by: unitNs)
                if overflow {
                    throw StrictLine.Fault(words: "timestamp, \(line.time), out of range")
                }
                if let words = state.settings.poison(line.series) {
                    throw StrictLine.Fault(words: words)
                }
                if let type = store.typeThatConflicts(with: line) {
                    throw StrictLine.Fault(
                        words: "invalid column type for column 'value', expected "
                            + "iox::column_type::field::\(type), got iox::column_type::field::"
                            + (line.integer == nil ? "float" : "integer"))
                }
                store.keep(line, atNs: timestampNs)
            } catch {
                var start = String(decoding: bytes, as: UTF8.self)
                while start.utf8.count > 20 { start.unicodeScalars.removeLast() }
                errors.append(
                    "{\"error_message\":\(jsonString(error.words)),\"line_number\":\(index + 1),"
                        + "\"original_line\":\(jsonString(start))}")
            }
        }
        guard store.metrics.count <= state.settings.maxTables else {
            return error(
                422,
                "Update to schema would exceed number of tables limit of \(state.settings.maxTables)"
            )
        }
        state.stores[database] = store
        if errors.isEmpty { return .status(204) }
        return .status(
            400, headers: ["Content-Type: application/json"],
            body: "{\"error\":\"partial write of line protocol occurred\",\"data\":["
                + errors.joined(separator: ",") + "]}")
    }
}
