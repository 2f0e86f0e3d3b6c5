import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct BackendRegistryTests {
    static let valid: BackendConfiguration = {
        var configuration = BackendConfiguration(name: "graphs", type: .influxDB)
        configuration.url = "http://localhost:8086"
        configuration.database = "metrics"
        return configuration
    }()

    static func error(
        _ change: (inout BackendConfiguration) -> Void
    ) -> BackendsError? {
        var configuration = valid
        change(&configuration)
        return #expect(throws: BackendsError.self) {
            try BackendRegistry.makeBackend(
                configuration, interrupt: Interrupt(), version: "test")
        }
    }

    @Test func `a backend is made without its server`() throws {
        _ = try BackendRegistry.makeBackend(Self.valid, interrupt: Interrupt(), version: "test")
    }

    @Test func `what can never work is refused by name and reason`() throws {
        let missing = Self.error { $0.caFile = "/nowhere/ca.pem" }
        #expect(
            missing?.description
                == "set up backend graphs: ca_file /nowhere/ca.pem: No such file or directory")
        #expect(Self.error { $0.database = "" }?.hint == "set database")
        #expect(Self.error { $0.url = "localhost" }?.description.contains("graphs") == true)
        #expect(Self.error { $0.timeout = .zero }?.cause.contains("timeout") == true)
        #expect(Self.error { $0.type = .local }?.cause.contains("no sender") == true)
        #expect(
            Self.error { $0.credentials = .basic(user: "a:b", password: "hunter22") }?.description
                .contains("hunter22") == false)
        let broken = Self.error { $0.credentials = .token("s3crets3cret\n") }
        #expect(broken?.cause.contains("control character") == true)
        #expect(broken?.description.contains("s3crets3cret") == false)
    }

    @Test(arguments: [
        (BackendType.influxDB2, ["organization", "bucket"]), (.influxDB3, ["database"]),
    ]) func `what a type cannot do without is named`(type: BackendType, keys: [String]) throws {
        var configuration = BackendConfiguration(name: "graphs", type: type)
        configuration.url = "http://localhost:8086"
        for key in keys {
            let error = #expect(throws: BackendsError.self) {
                try BackendRegistry.validate(configuration)
            }
            #expect(error?.hint == "set \(key)")
            switch key {
            case "organization": configuration.organization = "org"
            case "bucket": configuration.bucket = "metrics"
            default: configuration.database = "metrics"
            }
        }
        _ = try BackendRegistry.makeBackend(
            configuration, interrupt: Interrupt(), version: "test")
    }

    @Test func `Local needs no address`() throws {
        try BackendRegistry.validate(BackendConfiguration(name: "default", type: .local))
        #expect(!BackendType.local.hasSender)
    }
}
