internal import Glibc
internal import PuyPuyBackends
internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool

/// The daemon as the web server and the control socket show it.
///
/// An actor on a thread of its own: it blocks in short reads of the spool, and neither the shared
/// pool nor the network's thread waits for them.
actor DaemonSource: WebSource {
    /// So many plugins run for requests at a time.
    private static let mostPlugins = 4
    /// The time of a plugin: less than that of a request, ``RequestGuard/deadline``.
    private static let pluginDeadline = Duration.seconds(15)

    private(set) var settings: Settings
    private let host: String
    let scheduler: Scheduler
    private let senders: SenderRoster
    private var reloader: Reloader?
    let values: LastValues
    let spool: Spool
    private let executor = ThreadExecutor(name: "puypuy-web")
    private var plugins: NagiosPlugins
    private var runningPlugins = 0
    private var salvage: SalvageJob?
    private let started = ContinuousClock.now
    private let startedNs = DaemonSource.nowNs()

    /// Jobs run on the source's own thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    init(
        _ settings: Settings, host: String, scheduler: Scheduler, senders: SenderRoster,
        values: LastValues, spool: Spool
    ) {
        self.settings = settings
        plugins = NagiosPlugins(commands: settings.nagiosCommands)
        self.host = host
        self.scheduler = scheduler
        self.senders = senders
        self.values = values
        self.spool = spool
    }

    func metrics() -> [UInt8] { ExpositionEncoder.encode(values.current()) }

    func trouble() async -> String? {
        await spool.trouble.map { "the spool cannot commit: \($0)" }
    }

    func backends() throws -> [BackendStatus] {
        let books = try SpoolReader(path: settings.spool.path).books()
        return books.map { summary in
            let sender = senders.sender(of: summary.name)
            return BackendStatus(summary, sender: sender?.board.current, at: .now)
        }
    }

    func retry(_ backend: String) -> Bool {
        guard let sender = senders.sender(of: backend) else { return false }
        sender.retryNow()
        return true
    }

    /// From now on requests to reload go to `reloader`.
    func offerReload(by reloader: Reloader) { self.reloader = reloader }

    func reload() async -> ReloadResult? { await reloader?.reload() }

    /// Shows what `settings` say, of the spool at `spoolPath`, which only a restart changes.
    func change(to settings: Settings, spoolPath: String) {
        self.settings = settings
        self.settings.spool.path = spoolPath
        plugins = NagiosPlugins(commands: settings.nagiosCommands)
    }

    func forget(_ backend: String) async throws -> Ledger { try await spool.forget(backend) }

    func settle(
        _ action: DeadLetterAction, _ part: DeadLetterPart
    ) async throws -> DeadLetterProgress {
        let progress = try await spool.settle(action, part)
        // The commit wakes senders; one that waits after a failure is to try now as well.
        if action == .retry && progress.letters > 0 { _ = retry(part.backend) }
        return progress
    }

    func salvage(_ file: String) throws -> String {
        if let salvage, case .running = salvage.state {
            throw ControlError.refused(
                "a salvage of \(salvage.file) is under way; wait for its end")
        }
        let job = SalvageJob(number: (salvage?.number ?? 0) + 1, file: file, spool: spool)
        salvage = job
        return job.json
    }

    func salvageState() -> String? { salvage?.json }

    func runPlugin(_ name: String, arguments: String) async -> NagiosPlugins.Answer? {
        guard runningPlugins < Self.mostPlugins else { return nil }
        runningPlugins += 1
        defer { runningPlugins -= 1 }
        return await plugins.run(name, arguments: arguments, deadline: Self.pluginDeadline)
    }

    func status() async throws -> String {
        let trouble = await spool.trouble
        let checks = await scheduler.checkNames
        let buffered = await spool.bufferedPoints
        let sizes = try SpoolReader(path: settings.spool.path).sizes
        let backends = try backends()
        let states = BackendStatus.State.allCases.filter { $0 != .stopped }.map { state in
            (state.rawValue, "\(backends.count { $0.state == state })")
        }
        return JSONText.object([
            ("version", JSONText.string(Version.current)), ("pid", "\(getpid())"),
            ("host", JSONText.string(host)), ("started_ns", "\(startedNs)"),
            ("uptime_seconds", "\(started.duration(to: .now).components.seconds)"),
            ("period_seconds", "\(settings.checkPeriod / .seconds(1))"),
            ("checks", JSONText.array(checks.map(JSONText.string))),
            ("series", "\(values.current().count)"),
            (
                "spool",
                JSONText.object([
                    ("path", JSONText.string(settings.spool.path)),
                    ("file_bytes", "\(sizes.fileBytes)"), ("log_bytes", "\(sizes.logBytes)"),
                    ("max_bytes", "\(settings.spool.maxBytes)"),
                    ("buffered_points", "\(buffered)"),
                    ("trouble", JSONText.optional(trouble.map { "\($0)" })),
                ])
            ),
            ("backends", JSONText.object(states)),
        ])
    }

    /// Nanoseconds since the epoch.
    static func nowNs() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
