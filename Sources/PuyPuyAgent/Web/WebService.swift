internal import Logging
internal import NIOCore
internal import NIOPosix
internal import PuyPuySpool
internal import ServiceLifecycle

/// The control socket and, when it is on, the web server, on one thread of the network's.
///
/// Never ends before the other services do, whatever happens to the sockets. After a reload the web
/// server closes and listens as it is configured then; the control socket stays.
///
/// The thread goes on until the process ends. HummingbirdCore's server leaves a task behind when it is
/// told to end, which asks its event loop whether the connections are closed, sometimes after
/// everything else has ended; a loop that had been shut down then complained on standard error.
struct WebService: Service {
    /// How long answers that are under way may take at the end, and when the web server changes.
    static let patience = Duration.seconds(1)

    /// For so long a reload waits for the web server to listen anew.
    static let changeTime = Duration.seconds(3)

    /// The network's thread.
    static let network = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// How the web server is to be, and who is told what came of it, again and again.
    private struct Wish: Sendable {
        var settings: WebSettings
        var outcome: @Sendable (_ problem: String?) -> Void = { _ in }
    }

    private let control: WebListener
    private let source: any WebSource
    private let socket: ControlSocket
    private let logger = Logger(label: "web")
    private let wanted: AsyncStream<Wish>
    private let want: AsyncStream<Wish>.Continuation
    /// Ends when the control socket listens for the first time.
    let start: AsyncStream<Void>

    init(_ settings: Settings, source: any WebSource) {
        self.source = source
        socket = ControlSocket(spoolPath: settings.spool.path)
        let (start, started) = AsyncStream.makeStream(of: Void.self)
        self.start = start
        control = WebListener(
            place: .control(socket),
            router: WebRouter(access: WebAccess(settings.web), source: source), logger: logger,
            outcome: { if $0 == nil { started.finish() } })
        (wanted, want) = AsyncStream.makeStream()
        want.yield(Wish(settings: settings.web))
    }

    /// Lets the web server be as `settings` say. Returns why it cannot listen there, which it goes on to
    /// try; `nil` when it listens, is off, or has done neither within ``changeTime``.
    func change(to settings: WebSettings) async -> String? {
        let (outcomes, tell) = AsyncStream.makeStream(of: String?.self)
        want.yield(Wish(settings: settings) { tell.yield($0) })
        return await withTaskGroup(of: String?.self) { tasks in
            tasks.addTask { await outcomes.first { _ in true } ?? nil }
            tasks.addTask {
                try? await Task.sleep(for: Self.changeTime)
                return nil
            }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? nil
        }
    }

    func run() async throws {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await control.run(on: Self.network) }
            tasks.addTask { await runNetwork() }
            tasks.addTask {
                try? await gracefulShutdown()
                want.finish()
                try? await Task.sleep(for: Self.patience)
            }
            // The two listeners, or the one who loses patience with them.
            for _ in 0..<2 { await tasks.next() }
            tasks.cancelAll()
        }
        socket.remove()
    }

    /// The web server, as it is wanted at the moment, until the services end.
    private func runNetwork() async {
        var running: Task<Void, Never>?
        for await wish in wanted {
            running?.cancel()
            await running?.value
            guard wish.settings.isEnabled else {
                wish.outcome(nil)
                continue
            }
            let listener = WebListener(
                place: .network(wish.settings),
                router: WebRouter(access: WebAccess(wish.settings), source: source),
                logger: logger, outcome: wish.outcome)
            running = Task { await listener.run(on: Self.network) }
        }
        await withTaskCancellationHandler { [running] in
            await running?.value
        } onCancel: { [running] in
            running?.cancel()
        }
    }
}
