internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySender
internal import PuyPuySpool
internal import ServiceLifecycle

/// Tells the service manager that the daemon is ready, how it is doing, that it is alive, and that it
/// stops.
///
/// The watchdog hears from it after the scheduler has answered, so not while the threads that run
/// the daemon hang. A disk that hangs is no reason to be killed: the spool is not asked for it.
struct NotifyService: Service {
    /// How often the status line is made.
    static let period = Duration.seconds(5)
    /// How long the control socket may take.
    private static let controlPatience = Duration.seconds(2)

    let notifier: ServiceNotifier
    let scheduler: Scheduler
    let senders: SenderRoster
    let spool: Spool
    let web: WebService
    let log: LogOutput

    func run() async throws {
        await waitForControl()
        notifier.ready()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepAlive() }
            group.addTask {
                try? await cancelWhenGracefulShutdown {
                    while true {
                        notifier.status(await line())
                        log.settle()
                        try await Task.sleep(for: Self.period)
                    }
                }
            }
            group.addTask {
                try? await gracefulShutdown()
                notifier.stopping()
                notifier.status("stopping: a last delivery is tried")
            }
        }
    }

    /// Who hears that the daemon is ready may use the control socket; without one it is ready, too.
    private func waitForControl() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in web.start {} }
            group.addTask { try? await Task.sleep(for: Self.controlPatience) }
            await group.next()
            group.cancelAll()
        }
    }

    private func keepAlive() async {
        guard let watchdog = notifier.watchdog else { return }
        try? await cancelWhenGracefulShutdown {
            while true {
                _ = await scheduler.checkNames
                notifier.alive()
                try await Task.sleep(for: watchdog / 2)
            }
        }
    }

    private func line() async -> String {
        let checks = await scheduler.checkNames.count
        if let trouble = await spool.trouble {
            return "the spool cannot commit: \(trouble.cause); points wait in memory"
        }
        let failing = senders.boards.map(\.current).compactMap { status in
            status.condition.reason.map { "\(status.backend): \($0)" }
        }
        if !failing.isEmpty { return "\(checks) checks; " + failing.joined(separator: "; ") }
        return "\(checks) checks; all backends take points"
    }
}
