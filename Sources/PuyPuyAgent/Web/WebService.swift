internal import Logging
internal import NIOCore
internal import NIOPosix
internal import PuyPuySpool
internal import ServiceLifecycle

/// The control socket and, when it is on, the web server, on one thread of the network's.
///
/// Never ends before the other services do, whatever happens to the sockets.
struct WebService: Service {
    /// How long answers that are under way may take at the end.
    static let patience = Duration.seconds(1)

    private let listeners: [WebListener]
    private let socket: ControlSocket

    init(_ settings: Settings, source: any WebSource) {
        let logger = Logger(label: "web")
        let router = WebRouter(access: WebAccess(settings.web), source: source)
        socket = ControlSocket(spoolPath: settings.spool.path)
        var places: [WebListener.Place] = [.control(socket)]
        if settings.web.isEnabled { places.append(.network(settings.web)) }
        listeners = places.map { WebListener(place: $0, router: router, logger: logger) }
    }

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        await withTaskGroup(of: Void.self) { tasks in
            for listener in listeners { tasks.addTask { await listener.run(on: group) } }
            tasks.addTask {
                try? await gracefulShutdown()
                try? await Task.sleep(for: Self.patience)
            }
            // The listeners, or the one who loses patience with them.
            for _ in listeners { await tasks.next() }
            tasks.cancelAll()
        }
        socket.remove()
        try? await group.shutdownGracefully()
    }
}
