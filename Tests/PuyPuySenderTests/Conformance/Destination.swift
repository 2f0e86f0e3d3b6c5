import PuyPuyBackends
import PuyPuyCore
import TestSupport
import Testing

/// A database behind a backend, as the conformance suite sees it.
///
/// What is stored is told by times and values only: how a backend writes names is shown by the tests
/// of its encoder, and here by two series never becoming one.
protocol DestinationServer: AnyObject, Sendable {
    /// Where it listens.
    var port: UInt16 { get }
    /// The address of whatever listens at `port`, and what else the backend has to know.
    func configure(_ configuration: inout BackendConfiguration, port: UInt16)
    /// All that it holds, as often as it holds it: at once, or when there is as much as `count`.
    func stored(count: Int) throws -> [StoredFact]
    /// A point that the server refuses for good, different for each `number`.
    func poison(_ number: Int) -> Point
}

extension DestinationServer {
    func poison(_ number: Int) -> Point { makePoint("poison", ["number": "\(number)"]) }

    func configure(_ configuration: inout BackendConfiguration, port: UInt16) {
        configuration.url = "http://127.0.0.1:\(port)"
    }
}

/// A point as a destination holds it.
struct StoredFact: Hashable {
    /// Bytes: names that only look alike are different.
    let series: [UInt8]
    let timestampNs: Int64
    let bits: UInt64
}

/// A kind of backend with a server for it.
struct Destination: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let type: BackendType
    /// The unit of time that it keeps.
    var resolutionNs: Int64 = 1
    /// Whether it speaks HTTP.
    var isHTTP = true
    /// Whether it says so when it does not take a point for its time, and shows one that it takes.
    var refusesTimes = true
    /// Whether it keeps every bit of a value.
    var keepsBits = true
    /// Whether the same points again, after newer ones, are welcome.
    var takesRepeats = true
    /// Whether the server itself refuses points: some take whatever can be encoded.
    var refusesPoints = true
    /// Starts a server.
    let start: @Sendable () throws -> any DestinationServer

    /// A sender's configuration for what listens on `port`.
    func configuration(
        _ server: any DestinationServer, port: UInt16,
        _ change: (inout BackendConfiguration) -> Void = { _ in }
    ) -> BackendConfiguration {
        var configuration = BackendConfiguration(name: "db", type: type)
        configuration.reconnectMax = .seconds(1)
        configuration.timeout = .seconds(20)
        if type == .prometheusRemoteWrite { configuration.drainOrder = .oldestFirst }
        if type == .openTSDB { configuration.precision = .milliseconds }
        server.configure(&configuration, port: port)
        change(&configuration)
        return configuration
    }

    /// `points` as they must be stored, without names.
    func facts(_ points: some Sequence<Point>) -> [TimedBits: Int] {
        points.reduce(into: [:]) { facts, point in
            let (units, rest) = point.timestampNs.quotientAndRemainder(dividingBy: resolutionNs)
            let floored = (rest < 0 ? units - 1 : units) &* resolutionNs
            facts[
                TimedBits(timestampNs: floored, bits: point.value.asDouble.bitPattern), default: 0] +=
                1
        }
    }

    static func facts(_ stored: [StoredFact]) -> [TimedBits: Int] {
        stored.reduce(into: [:]) { facts, fact in
            facts[TimedBits(timestampNs: fact.timestampNs, bits: fact.bits), default: 0] += 1
        }
    }
}

/// A time and a value.
struct TimedBits: Hashable {
    let timestampNs: Int64
    let bits: UInt64
}

extension [Series: [StoredPoint]] {
    /// What the suite compares.
    var facts: [StoredFact] {
        flatMap { series, points in
            points.map {
                StoredFact(
                    series: Array("\(series)".utf8), timestampNs: $0.timestampNs,
                    bits: $0.value.bitPattern)
            }
        }
    }
}
