internal import Glibc
internal import Logging
internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySpool

/// How PuyPuy is doing on this host: the daemon, its checks and backends, the spool. What
/// `puypuy status` and `puypuy top` show.
///
/// The daemon tells what only it knows; the rest is read from the spool's file, which works without
/// one.
public struct HostStatus: Sendable {
    /// Whether a daemon runs.
    public enum Daemon: Sendable, Hashable {
        /// It runs and answers.
        case answers(DaemonStatus)
        /// Process 7 has the spool, and gives no answer, for this reason.
        case isSilent(process: Int64, cause: String)
        /// None runs; what is left of one that did, in words.
        case isDown(leftover: String?)
    }

    /// How good it is.
    public enum Health: String, Sendable, Hashable {
        /// Points are collected and delivered.
        case healthy
        /// The daemon runs, and something needs an eye: ``HostStatus/findings``.
        case degraded
        /// No daemon runs.
        case down

        /// The exit code of `puypuy status`: that of systemctl and init scripts for a program that
        /// does not run is 3.
        public var exitCode: Int32 {
            switch self {
            case .healthy: 0
            case .degraded: 1
            case .down: 3
            }
        }
    }

    /// Something that needs an eye.
    public struct Finding: Sendable, Hashable {
        /// What is wrong, one line.
        public var text: String
        /// What to do; `nil` when that depends.
        public var hint: String?
    }

    /// The daemon.
    public var daemon: Daemon
    /// The destinations.
    public var backends: [BackendStatus] = []
    /// The checks that run, or would without a daemon, by name.
    public var checks: [CheckStatus] = []
    /// Points of all runs of all checks since the spool began, those of checks that are enabled no
    /// more included.
    public var collectedPoints: Int64 = 0
    /// The spool's file.
    public var spoolPath: String
    /// Bytes of the spool's file and of its write-ahead log.
    public var spoolBytes: Int64 = 0
    /// The most that it may take.
    public var maxBytes: Int64
    /// Bytes that the file system has left; `nil` when it does not say.
    public var freeBytes: Int64?
    /// Bytes of it that are left to others.
    public var minFreeBytes: Int64
    /// When this was read, nanoseconds since the epoch.
    public var nowNs: Int64
    /// Spools that were damaged and are kept beside this one.
    public var damagedSpools: [String]
    /// What kept the spool from being read; `nil` when nothing did.
    public var spoolProblem: String?

    /// Reads it all, for the daemon that `settings` describe. Blocks, for some seconds when the daemon
    /// does not answer. Throws when this user may not know whether one runs.
    public init(_ settings: Settings) throws {
        nowNs = Self.wallNs()
        spoolPath = settings.spool.path
        maxBytes = settings.spool.maxBytes
        minFreeBytes = settings.spool.minFreeBytes
        damagedSpools = DamagedSpools.beside(spoolPath)
        freeBytes = SpoolHolder.freeBytes(at: SettingsFolder.parent(of: spoolPath))
        let client = ControlClient(spoolPath: spoolPath)
        var asked: [BackendStatus]?
        do throws(ControlError) {
            daemon = .answers(try client.status())
            asked = try client.backends()
        } catch {
            daemon = try Self.daemonWithoutAnswer(settings, error)
        }
        do throws(SpoolError) {
            if let asked {
                backends = asked
            } else {
                backends = try BackendControl(settings).overview().backends
            }
            try readSpool(settings)
        } catch {
            spoolProblem = "\(error)"
        }
    }

    /// How good it is, all in all.
    public var health: Health {
        if case .isDown = daemon { return .down }
        return findings.isEmpty ? .healthy : .degraded
    }

    private mutating func readSpool(_ settings: Settings) throws(SpoolError) {
        let expected = Self.intervals(settings)
        var names = expected.keys.sorted()
        var startNs: Int64?
        if case .answers(let status) = daemon {
            names = status.checks
            startNs = nowNs - status.uptimeSeconds * 1_000_000_000
        }
        func status(_ name: String, _ summary: CheckSummary?) -> CheckStatus {
            CheckStatus(
                name, interval: expected[name], summary, nowNs: nowNs, sinceNs: startNs)
        }
        guard access(spoolPath, F_OK) == 0 else {
            checks = names.map { status($0, nil) }
            return
        }
        let reader = try SpoolReader(path: spoolPath)
        let sizes = reader.sizes
        spoolBytes = sizes.fileBytes + sizes.logBytes
        let summaries = try reader.checks()
        collectedPoints = summaries.reduce(0) { $0 + $1.points }
        let known = Dictionary(
            summaries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        checks = names.map { status($0, known[$0]) }
    }

    /// How often each check runs that the configuration enables.
    private static func intervals(_ settings: Settings) -> [String: Duration] {
        // No name server is asked for a name that nobody sees.
        let set = CheckSet.make(
            settings, own: OwnHealthCheck.Parts(), hostName: "", logger: Logger(label: "check"))
        return Dictionary(
            set.checks.map { ($0.name, $0.interval) }, uniquingKeysWith: { first, _ in first })
    }

    private static func daemonWithoutAnswer(
        _ settings: Settings, _ error: ControlError
    ) throws(SpoolError) -> Daemon {
        let process = DaemonProcess(settings)
        guard let id = try process.id() else { return .isDown(leftover: process.staleFile()) }
        return .isSilent(process: Int64(id), cause: error.description)
    }

    private static func wallNs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
