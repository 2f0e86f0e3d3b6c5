internal import Glibc
internal import Logging
internal import PuyPuyBackends
internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySender
public import PuyPuySpool
internal import ServiceLifecycle
internal import UnixSignals

/// The daemon: collects into the spool and sends from it, until SIGTERM or SIGINT.
///
/// The parts end from left to right, each before the next: the scheduler stores what runs, the
/// senders try a last delivery, the web server closes, the spool commits and closes. Together that
/// takes at most `shutdown_seconds` and a moment.
public struct Daemon: Sendable {
    private let settings: Settings
    private let log: LogOutput
    private let logFile: String?
    private let logger: Logger

    /// A daemon of `settings` that logs to `log`, which is bootstrapped already; `logFile` is the
    /// log file while the configuration names none, also when that is read anew.
    public init(settings: Settings, log: LogOutput, logFile: String? = nil) {
        self.settings = settings
        self.log = log
        self.logFile = logFile
        logger = Logger(label: "daemon")
    }

    /// Runs until a signal ends it. Throws what keeps it from starting.
    public func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let spool = try Spool(settings.spool, logger: Logger(label: "spool"))
        try await spool.configure(settings.backends.map(SpoolBackend.init))
        let pidFile = try PidFile(settings.pidFile)
        defer { pidFile.remove() }

        let starts = RunStarts()
        await spool.waitForRuns { starts.timeLeft }
        let senders = try SendersService(settings, spool: spool, starts: starts)
        let roster = senders.roster
        let own = OwnHealthCheck.Parts(senders: roster, starts: starts, spool: spool)
        let set = CheckSet.make(settings, own: own, logger: Logger(label: "check"))
        for problem in set.problems { logger.warning("\(problem)") }
        let values = LastValues(logger: Logger(label: "web"))
        for check in set.checks { values.expect(check.name, every: check.interval) }
        let checksLogger = Logger(label: "checks")
        let scheduler = Scheduler(
            checks: set.checks, baseTags: set.baseTags,
            store: ObservedStore(store: spool, values: values),
            rateStates: try await spool.rateStates(),
            maxConcurrency: DescriptorShares.ofThisProcess.runs, starts: starts,
            logger: checksLogger)
        announce(set)

        let source = DaemonSource(
            settings, host: set.baseTags["host"] ?? "", scheduler: scheduler, senders: roster,
            values: values, spool: spool)
        let web = WebService(settings, source: source)
        let collection = Collection(
            settings, set, scheduler: scheduler, own: own, values: values, logger: checksLogger)
        let notifier = ServiceNotifier()
        let reloader = Reloader(
            settings,
            Reloader.Parts(
                spool: spool, collection: collection, senders: senders, web: web, source: source,
                pidFile: pidFile, log: log, logFile: logFile, notifier: notifier))
        await source.offerReload(by: reloader)
        let share = settings.shutdownTime / 2
        // They end from the last to the first.
        let services: [any Service] = [
            HousekeepingService(spool: spool), web, senders,
            ProgramWatch(collection: collection, logger: checksLogger),
            SchedulerService(scheduler: scheduler, patience: share),
            SignalService(log: log, reloader: reloader),
            NotifyService(
                notifier: notifier, scheduler: scheduler, senders: roster, spool: spool, web: web,
                log: log),
        ]
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        configuration.maximumGracefulShutdownDuration = settings.shutdownTime + .seconds(5)
        let outcome = await result { try await ServiceGroup(configuration: configuration).run() }
        let lost = await spool.close()
        logger.notice("stopped", metadata: lost > 0 ? ["points_lost": "\(lost)"] : [:])
        log.flush()
        try outcome.get()
    }

    private func result(
        _ body: () async throws -> Void
    ) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    private func announce(_ set: CheckSet) {
        let backends = settings.backends.map { backend in
            backend.type.hasSender
                ? "\(backend.name) (\(backend.type.rawValue) \(SecretText.maskingCredentials(backend.url)))"
                : "\(backend.name) (\(backend.type.rawValue): the spool keeps the points)"
        }
        logger.notice(
            "PuyPuy \(Version.current) collects",
            metadata: [
                "checks": "\(set.checks.map(\.name).joined(separator: " "))",
                "period_seconds": "\(settings.checkPeriod / .seconds(1))",
                "spool": "\(settings.spool.path)",
                "backends": "\(backends.joined(separator: ", "))",
            ])
        if set.checks.isEmpty {
            logger.warning(
                "nothing is collected: no check is enabled",
                metadata: ["checks_dir": "\(settings.checksDirectory)"])
        }
    }
}

extension SpoolBackend {
    /// A destination as the spool sees it.
    init(_ configuration: BackendConfiguration) {
        self.init(
            name: configuration.name, type: configuration.type.rawValue,
            keepsPoints: !configuration.type.hasSender, backfill: configuration.backfill)
    }
}

extension Settings {
    /// The configured backends as the spool sees them.
    public var destinations: [SpoolBackend] { backends.map(SpoolBackend.init) }
}

/// Ends the scheduler in order: runs in progress are stored, or cut at the deadline.
private struct SchedulerService: Service {
    let scheduler: Scheduler
    let patience: Duration

    func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await scheduler.run() }
            group.addTask {
                try? await gracefulShutdown()
                await scheduler.stop(within: patience)
            }
        }
    }
}

/// Keeps the spool in order between commits, and the program's memory small.
private struct HousekeepingService: Service {
    /// How often, when there is nothing left to do at once.
    static let period = Duration.seconds(10)
    /// When what the start needed is let go of, and how often what was needed in between.
    static let firstRelease = Duration.seconds(20)
    static let releasePeriod = Duration.seconds(3_600)

    let spool: Spool

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var nextRelease = ContinuousClock.now + Self.firstRelease
            while true {
                let more = await spool.maintain()
                if ContinuousClock.now >= nextRelease {
                    ProgramPages.release()
                    nextRelease = .now + Self.releasePeriod
                }
                try await Task.sleep(for: more ? .milliseconds(50) : Self.period)
            }
        }
    }
}
