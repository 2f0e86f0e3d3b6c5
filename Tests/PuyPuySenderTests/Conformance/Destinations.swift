import PuyPuyBackends
import PuyPuyCore
import TestSupport

extension Destination {
    /// Every kind of backend that sends, with every server there is for it.
    static let all: [Destination] = [
        Destination(testDescription: "InfluxDB (influxd)", type: .influxDB) {
            try InfluxDestination()
        },
        Destination(testDescription: "InfluxDB2 (stand-in)", type: .influxDB2) {
            try InfluxDB2Destination()
        },
        Destination(testDescription: "InfluxDB3 (stand-in)", type: .influxDB3) {
            try InfluxDB3Destination()
        },
    ]
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

    func stored() throws -> [StoredFact] {
        try server.points().filter { $0.key.metric != "poison" }.facts
    }

    func poison(_ number: Int) -> Point {
        makePoint("poison", ["number": "\(number)"], at: recentNs + 1)
    }
}

private final class InfluxDB2Destination: DestinationServer {
    private let server: InfluxDB2StandIn

    init() throws {
        server = try InfluxDB2StandIn()
        server.change { settings in
            settings.poison = { $0.metric == "poison" ? "invalid number" : nil }
        }
    }

    var port: UInt16 { server.port }

    func configure(_ configuration: inout BackendConfiguration, port: UInt16) {
        configuration.url = "http://127.0.0.1:\(port)"
        configuration.organization = "org"
        configuration.bucket = "puypuy"
    }

    func stored() -> [StoredFact] { server.points().facts }

    func poison(_ number: Int) -> Point { makePoint("poison", ["number": "\(number)"]) }
}

private final class InfluxDB3Destination: DestinationServer {
    private let server: InfluxDB3StandIn

    init() throws {
        server = try InfluxDB3StandIn()
        server.change { settings in
            settings.poison = { $0.metric == "poison" ? "invalid number" : nil }
        }
    }

    var port: UInt16 { server.port }

    func configure(_ configuration: inout BackendConfiguration, port: UInt16) {
        configuration.url = "http://127.0.0.1:\(port)"
        configuration.database = "puypuy"
    }

    func stored() -> [StoredFact] { server.points().facts }

    func poison(_ number: Int) -> Point { makePoint("poison", ["number": "\(number)"]) }
}
