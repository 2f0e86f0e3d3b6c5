import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyBackends

/// A stand-in of InfluxDB 2 or 3, so that both go through the same tests.
enum InfluxStandIn: CustomTestStringConvertible {
    case two(InfluxDB2StandIn)
    case three(InfluxDB3StandIn)

    /// Which of them.
    enum Kind: CaseIterable { case two, three }

    init(_ kind: Kind) throws {
        self =
            switch kind {
            case .two: .two(try InfluxDB2StandIn())
            case .three: .three(try InfluxDB3StandIn())
            }
    }

    var testDescription: String { url }

    var url: String {
        switch self {
        case .two(let server): server.url
        case .three(let server): server.url
        }
    }

    var requests: [StandInHTTPServer.Request] {
        switch self {
        case .two(let server): server.requests
        case .three(let server): server.requests
        }
    }

    func points() -> [Series: [StoredPoint]] {
        switch self {
        case .two(let server): server.points()
        case .three(let server): server.points()
        }
    }

    /// What the request with each number gets, from 1.
    func setFault(_ fault: @escaping @Sendable (Int) -> StandInFault?) {
        switch self {
        case .two(let server): server.change { $0.fault = { _, number in fault(number) } }
        case .three(let server): server.change { $0.fault = { _, number in fault(number) } }
        }
    }

    /// Refuses every line of `metric` with `words`.
    func refuse(metric: String, _ words: String) {
        let poison: @Sendable (Series) -> String? = { $0.metric == metric ? words : nil }
        switch self {
        case .two(let server): server.change { $0.poison = poison }
        case .three(let server): server.change { $0.poison = poison }
        }
    }

    func setToken(_ token: String?) {
        switch self {
        case .two(let server): server.change { $0.token = token }
        case .three(let server): server.change { $0.token = token }
        }
    }

    func setMaxBodyBytes(_ bytes: Int) {
        switch self {
        case .two(let server): server.change { $0.maxBodyBytes = bytes }
        case .three(let server): server.change { $0.maxBodyBytes = bytes }
        }
    }

    func stop() {
        switch self {
        case .two(let server): server.stop()
        case .three(let server): server.stop()
        }
    }

    func start() throws {
        switch self {
        case .two(let server): try server.start()
        case .three(let server): try server.start()
        }
    }

    /// A backend that writes to it.
    func backend(
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) throws -> any Backend {
        var configuration: BackendConfiguration
        switch self {
        case .two:
            configuration = BackendConfiguration(name: "default", type: .influxDB2)
            configuration.organization = "org"
            configuration.bucket = "puypuy"
        case .three:
            configuration = BackendConfiguration(name: "default", type: .influxDB3)
            configuration.database = "puypuy"
        }
        configuration.url = url
        configuration.timeout = .seconds(5)
        change(&configuration)
        return try BackendRegistry.makeBackend(
            configuration, interrupt: Interrupt(), version: "test")
    }
}
