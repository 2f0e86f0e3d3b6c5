internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// SIGHUP reloads the configuration and opens the log file anew; SIGUSR1 only opens the log file
/// anew, for logrotate.
struct SignalService: Service {
    let log: LogOutput
    let reloader: Reloader

    func run() async throws {
        // A crowd of signals is one reload, and one more for those that came meanwhile.
        let (requests, request) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in requests { _ = await reloader.reload() }
            }
            let signals = await UnixSignalsSequence(trapping: .sighup, .sigusr1)
            // The services' own signals are listened to before any service runs.
            EarlySignals.release()
            for await signal in signals.cancelOnGracefulShutdown() {
                log.reopen()
                if signal == .sighup {
                    request.yield()
                } else {
                    Logger(label: "log").notice("log reopened on SIGUSR1")
                }
            }
            request.finish()
        }
    }
}
