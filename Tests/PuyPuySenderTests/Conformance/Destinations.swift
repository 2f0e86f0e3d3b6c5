import PuyPuyBackends
import PuyPuyCore
import TestSupport

extension Destination {
    private static let ms: Int64 = 1_000_000

    /// Every kind of backend that sends, with every server there is for it.
    static let all: [Destination] = [
        Destination(testDescription: "InfluxDB (influxd)", type: .influxDB) {
            try InfluxDestination()
        },
        Destination(testDescription: "InfluxDB2 (stand-in)", type: .influxDB2) {
            let server = try InfluxDB2StandIn()
            server.change { $0.poison = { $0.metric == "poison" ? "invalid number" : nil } }
            return StandInDestination(url: server.url, read: server.points) {
                $0.organization = "org"
                $0.bucket = "puypuy"
            }
        },
        Destination(testDescription: "InfluxDB3 (stand-in)", type: .influxDB3) {
            let server = try InfluxDB3StandIn()
            server.change { $0.poison = { $0.metric == "poison" ? "invalid number" : nil } }
            return StandInDestination(url: server.url, read: { server.points() }) {
                $0.database = "puypuy"
            }
        },
        Destination(testDescription: "OpenTSDB (stand-in)", type: .openTSDB, resolutionNs: ms) {
            let server = try OpenTSDBStandIn()
            server.change {
                $0.poison = { $0.metric == "poison" ? "Invalid metric name" : nil }
            }
            return StandInDestination(url: server.url, read: server.points)
        },
        Destination(
            testDescription: "OpenTSDB (stand-in, chunked)", type: .openTSDB, resolutionNs: ms
        ) {
            let server = try OpenTSDBStandIn()
            server.change {
                $0.takesChunks = true
                $0.maxChunkBytes = 1 << 20
                $0.poison = { $0.metric == "poison" ? "Invalid metric name" : nil }
            }
            return StandInDestination(url: server.url, read: server.points) {
                $0.takesChunked = true
            }
        },
        Destination(
            testDescription: "OpenTSDB (VictoriaMetrics)", type: .openTSDB, resolutionNs: ms,
            refusesTimes: false, keepsBits: false, refusesPoints: false
        ) {
            let server = try VictoriaMetricsServer.started()
            return StandInDestination(url: server.openTSDBURL, read: server.points)
        },
        Destination(testDescription: "KairosDB (stand-in)", type: .kairosDB, resolutionNs: ms) {
            let server = try KairosDBStandIn()
            server.change {
                $0.poison = { $0.metric == "poison" ? "value is an invalid type" : nil }
            }
            return StandInDestination(url: server.url, read: server.points)
        },
        Destination(
            testDescription: "KairosDB (stand-in that fails at poison)", type: .kairosDB,
            resolutionNs: ms
        ) {
            let server = try KairosDBStandIn()
            server.change {
                $0.aborts = {
                    $0.metric == "poison" ? (500, "For input string: \"abc\"") : nil
                }
            }
            return StandInDestination(url: server.url, read: server.points)
        },
        Destination(
            testDescription: "Carbon (carbon-cache)", type: .carbon, resolutionNs: 1000 * ms,
            isHTTP: false, refusesTimes: false, refusesPoints: false
        ) {
            try CarbonDestination()
        },
        Destination(
            testDescription: "PrometheusRemoteWrite (stand-in)", type: .prometheusRemoteWrite,
            resolutionNs: ms, takesRepeats: false
        ) {
            let server = try RemoteWriteStandIn()
            server.change { $0.poison = { $0.metric == "poison" ? "out of bounds" : nil } }
            return StandInDestination(url: server.url, read: server.points)
        },
        Destination(
            testDescription: "PrometheusRemoteWrite (Prometheus)", type: .prometheusRemoteWrite,
            resolutionNs: ms, refusesTimes: false, takesRepeats: false, refusesPoints: false
        ) {
            let server = try PrometheusServer.started()
            return StandInDestination(url: server.url, read: { try server.points() })
        },
        Destination(
            testDescription: "PrometheusRemoteWrite (VictoriaMetrics)",
            type: .prometheusRemoteWrite, resolutionNs: ms, refusesTimes: false, keepsBits: false,
            refusesPoints: false
        ) {
            let server = try VictoriaMetricsServer.started()
            return StandInDestination(url: server.url, read: server.points)
        },
    ]
}

/// A server on loopback that keeps series and points.
private final class StandInDestination: DestinationServer {
    let port: UInt16
    private let read: @Sendable () throws -> [Series: [StoredPoint]]
    private let change: @Sendable (inout BackendConfiguration) -> Void

    init(
        url: String, read: @escaping @Sendable () throws -> [Series: [StoredPoint]],
        _ change: @escaping @Sendable (inout BackendConfiguration) -> Void = { _ in }
    ) {
        port = UInt16(url.split(separator: ":").last!)!
        self.read = read
        self.change = change
    }

    func configure(_ configuration: inout BackendConfiguration, port: UInt16) {
        configuration.url = "http://127.0.0.1:\(port)"
        change(&configuration)
    }

    func stored(count: Int) throws -> [StoredFact] { try read().facts }
}

private final class InfluxDestination: DestinationServer {
    private let server: InfluxServer

    init() throws {
        server = try InfluxServer.started()
        // A series that was an integer refuses floats.
        for number in 0..<10 { try server.write("poison,number=\(number) value=1i \(recentNs)") }
    }

    var port: UInt16 { server.port }

    func configure(_ configuration: inout BackendConfiguration, port: UInt16) {
        configuration.url = "http://127.0.0.1:\(port)"
        configuration.database = "puypuy"
    }

    func stored(count: Int) throws -> [StoredFact] {
        try server.points().filter { $0.key.metric != "poison" }.facts
    }
}

private final class CarbonDestination: DestinationServer {
    private let server: CarbonServer

    init() throws { server = try CarbonServer.started() }

    var port: UInt16 { server.port }

    func configure(_ configuration: inout BackendConfiguration, port: UInt16) {
        configuration.url = "tcp://127.0.0.1:\(port)"
    }

    func stored(count: Int) throws -> [StoredFact] {
        try server.points(waitingFor: count).flatMap { path, points in
            points.map {
                StoredFact(
                    series: Array(path.utf8), timestampNs: $0.second * 1_000_000_000,
                    bits: $0.value.bitPattern)
            }
        }
    }
}
