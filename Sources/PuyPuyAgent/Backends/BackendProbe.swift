internal import Glibc
public import PuyPuyBackends
internal import PuyPuyCore

/// Tries a destination step by step, as its sender would, so that an operator sees which step fails
/// and what to change: `puypuy backend test`.
///
/// Blocks. The probe point goes past the spool, and stays in the database: a real write is the only
/// proof that writing works.
public struct BackendProbe {
    /// What is tried, one after the other.
    public enum Step: String, Sendable {
        /// What needs no network.
        case configure
        /// The host's name to addresses.
        case resolve
        /// A TCP connection to one of them.
        case connect
        /// One point, with TLS and credentials where they are configured.
        case write
        /// As `write`, when the server says that it does not know us.
        case authenticate
    }

    /// How a step went.
    public struct Finding: Sendable {
        /// The step.
        public let step: Step
        /// What was found, or why it failed, in the server's or the system's own words.
        public let words: String
        /// What to change; empty when there is nothing to say.
        public let hint: String
        /// Whether it succeeded; after a failure nothing further is tried.
        public let succeeded: Bool
    }

    /// The metric of the probe point.
    public static let metric = "puypuy_probe"

    private let configuration: BackendConfiguration
    private let tags: Tags

    /// A probe of the destination that `configuration` describes, for the host that `settings` name.
    public init(_ configuration: BackendConfiguration, settings: Settings) {
        self.configuration = configuration
        let host = HostName.current(short: settings.usesShortHostname)
        tags = settings.baseTags(host: host).merging(["type": "puypuy"])
    }

    /// Tries, and reports each step when it is over. Returns whether all succeeded.
    public func run(report: (Finding) -> Void) -> Bool {
        func note(_ step: Step, _ words: String, _ hint: String = "", failed: Bool = false) {
            report(Finding(step: step, words: words, hint: hint, succeeded: !failed))
        }
        guard configuration.type.hasSender else {
            note(.configure, "\(configuration.type.rawValue): the spool keeps the points")
            return true
        }
        do throws(BackendsError) {
            let backend = try BackendRegistry.makeBackend(
                configuration, interrupt: Interrupt(), version: Version.current)
            note(
                .configure,
                "\(configuration.type.rawValue) at \(SecretText.maskingCredentials(configuration.url))"
            )
            guard let peer = NetworkPeer(configuration) else {
                note(.resolve, "no host in the address", "set address", failed: true)
                return false
            }
            switch peer.resolve() {
            case .failure(let failure):
                note(.resolve, failure.words, failure.hint, failed: true)
                return false
            case .success(let addresses):
                let shown = addresses.map(\.text).joined(separator: ", ")
                note(.resolve, shown == peer.host ? shown : "\(peer.host) is \(shown)")
                switch peer.connect(addresses, within: configuration.connectTimeout) {
                case .failure(let failure):
                    note(.connect, failure.words, failure.hint, failed: true)
                    return false
                case .success(let address): note(.connect, "\(address) answers")
                }
            }
            let finding = write(to: backend)
            report(finding)
            return finding.succeeded
        } catch {
            note(.configure, error.reason, error.hint, failed: true)
            return false
        }
    }

    private func write(to backend: any Backend) -> Finding {
        let series = Series(metric: BackendProbe.metric, tags: tags)
        var block = PointBlock()
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        block.append(
            series: 1, timestampNs: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec),
            value: .double(1))
        return BackendProbe.finding(
            backend.deliver(block, catalog: [1: series]).outcome, configuration)
    }

    /// What the answer to the probe point says.
    static func finding(_ outcome: Outcome, _ configuration: BackendConfiguration) -> Finding {
        func failed(_ step: Step, _ words: String, _ hint: String) -> Finding {
            Finding(step: step, words: words, hint: hint, succeeded: false)
        }
        switch outcome {
        case .accepted:
            return Finding(
                step: .write, words: "one point of \(metric): \(worth(configuration.type))",
                hint: "", succeeded: true)
        case .acceptedExcept(let rejections):
            return failed(
                .write, rejections.first?.reason ?? "refused",
                "such points become dead letters; look at the tags in [SelfConfig]")
        case .refused(let reason, _), .tooLarge(let reason):
            return failed(
                .write, reason, "such points become dead letters; look at what the server says")
        case .unreachable(let reason):
            return failed(.connect, reason, "see that the server runs and that the way is open")
        case .transient(let reason, _), .doubtful(let reason, _):
            return failed(
                .write, reason,
                "the sender would keep its points and try again; look at the server's log")
        case .postponed:
            return failed(.write, "not sent: max_creates_per_minute is used up", "try again later")
        case .misconfigured(let reason, let hint):
            let isUnknown = ["HTTP 401", "HTTP 403"].contains(where: reason.hasPrefix)
            return failed(isUnknown ? .authenticate : .write, reason, hint)
        }
    }

    /// What the strongest confirmation of a protocol says.
    private static func worth(_ type: BackendType) -> String {
        switch type {
        case .influxDB, .influxDB2, .influxDB3: "the server has stored it"
        case .openTSDB: "the server has taken it"
        case .kairosDB: "the server has put it in line to be stored"
        case .carbon: "the server has read it; Carbon confirms no more than that"
        case .prometheusRemoteWrite: "the server has taken it"
        case .prometheus, .local: ""
        }
    }
}
