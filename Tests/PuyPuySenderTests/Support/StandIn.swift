import Synchronization
import TestSupport

/// A stand-in that keeps lines as InfluxDB would, and fails as it is told at the moment.
final class StandIn: Sendable {
    /// What to do instead of keeping all lines, given them and the number of the request, from 1.
    typealias Script = @Sendable (_ lines: [String], _ number: Int) -> StandInHTTPServer.Reply?

    /// A request as it came in.
    struct Arrival: Sendable {
        let at: ContinuousClock.Instant
        let lines: [String]
        let isGzip: Bool
        let wireBytes: Int
    }

    private final class Record: Sendable {
        struct State {
            var script: Script
            var arrivals: [Arrival] = []
            var kept: [String: ContinuousClock.Instant] = [:]
        }
        let state: Mutex<State>
        init(_ script: @escaping Script) { state = Mutex(State(script: script)) }

        func answer(_ request: StandInHTTPServer.Request) -> StandInHTTPServer.Reply {
            let now = ContinuousClock.now
            let lines = request.body.split(separator: UInt8(ascii: "\n"))
                .map { String(decoding: $0, as: UTF8.self) }
            let (script, number) = state.withLock { state in
                state.arrivals.append(
                    Arrival(
                        at: now, lines: lines,
                        isGzip: request.headers["content-encoding"] == "gzip",
                        wireBytes: request.wireBytes))
                return (state.script, state.arrivals.count)
            }
            if let reply = script(lines, number) {
                if case .status(_, [StandIn.keepsOthers], _) = reply {
                    keep(lines.filter { !$0.contains("poison") })
                }
                return reply
            }
            keep(lines)
            return .status(204)
        }

        func keep(_ lines: [String]) {
            let now = ContinuousClock.now
            state.withLock { state in
                for line in lines where state.kept[line] == nil { state.kept[line] = now }
            }
        }
    }

    private let record: Record
    private let server: StandInHTTPServer

    /// A server that does what `script` says; where that is `nil`, it keeps the lines and says 204.
    init(_ script: @escaping Script = { _, _ in nil }) throws {
        let record = Record(script)
        self.record = record
        server = try StandInHTTPServer { record.answer($0) }
    }

    /// A script of an InfluxDB that names nobody: a body with a poisonous line is refused, its other
    /// lines are kept.
    static func refusingPoison(_ words: String) -> Script {
        { lines, _ in
            let good = lines.filter { !$0.contains("poison") }
            if good.count == lines.count { return nil }
            return .status(400, headers: [keepsOthers], body: #"{"error":"\#(words)"}"#)
        }
    }

    /// A mark of a scripted answer: the lines without poison are kept all the same.
    private static let keepsOthers = "X-Keeps: others"

    /// For scripts that keep lines in their own way: keeps them and says 204.
    func keeping(_ lines: [String]) -> StandInHTTPServer.Reply {
        record.keep(lines)
        return .status(204)
    }

    var url: String { server.url }
    var arrivals: [Arrival] { record.state.withLock { $0.arrivals } }
    /// When each line was kept first.
    var kept: [String: ContinuousClock.Instant] { record.state.withLock { $0.kept } }
    /// From now on this is what it does.
    func change(_ script: @escaping Script) { record.state.withLock { $0.script = script } }
}
