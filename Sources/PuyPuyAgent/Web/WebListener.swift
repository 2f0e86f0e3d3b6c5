internal import Glibc
internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// One place where requests come in: the address of `[WebServer]`, or the control socket.
///
/// Collection never depends on it: what keeps it from listening is logged once, and tried again with
/// growing pauses, up to a minute.
struct WebListener: Sendable {
    /// Where it listens.
    enum Place: Sendable {
        case network(WebSettings)
        case control(ControlSocket)
    }

    private static let longestPause = Duration.seconds(60)

    let place: Place
    let router: WebRouter
    let logger: Logger
    /// Is told whenever it begins to listen, with `nil`, or why it cannot.
    var outcome: @Sendable (_ problem: String?) -> Void = { _ in }

    /// Listens and answers until the services end.
    func run(on group: MultiThreadedEventLoopGroup) async {
        var pause = Duration.seconds(1)
        var logged: String?
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            let start = ContinuousClock.now
            var cause = "the socket failed"
            do {
                try await listen(on: group)
                if Task.isCancelled || Task.isShuttingDownGracefully { return }
            } catch {
                cause = Self.words(error)
            }
            if start.duration(to: .now) > Self.longestPause {
                (pause, logged) = (.seconds(1), nil)
            }
            if logged != cause {
                logger.warning(
                    "cannot listen; collection goes on, and it is tried again",
                    metadata: metadata(["cause": "\(cause)", "hint": "\(hint)"]))
                logged = cause
            }
            outcome("cannot listen: \(cause); \(hint)")
            try? await cancelWhenGracefulShutdown { [pause] in try await Task.sleep(for: pause) }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func listen(on group: MultiThreadedEventLoopGroup) async throws {
        let silent = Logger(label: "web") { _ in SwiftLogNoOpLogHandler() }
        let address: BindAddress =
            switch place {
            case .network(let web): .hostname(web.host, port: web.port)
            case .control(let socket): .unixDomainSocket(path: socket.pathForSystem)
            }
        let server = Server(
            childChannelSetup: WebChannel { request, writer, channel in
                let answer = try await answer(to: request, on: channel)
                try await answer.send(to: request, with: writer)
            },
            configuration: ServerConfiguration(
                address: address, backlog: 128,
                // Others wait in the system's list of the socket.
                availableConnectionsDelegate: .maximum(
                    DescriptorShares.ofThisProcess.connections, logger: silent)),
            onServerRunning: { _ in begin() },
            eventLoopGroup: group, logger: silent)
        try await server.run()
    }

    private func answer(to request: Request, on channel: any Channel) async throws -> WebAnswer {
        var asked = WebRequest(request, from: .control)
        if request.method == .post {
            let body = try await request.body.collect(upTo: RequestGuard.maxBodyBytes)
            asked.body = Array(body.readableBytesView)
        }
        switch place {
        case .network:
            // A connection that is gone already has no address, and nobody to answer.
            guard let address = channel.remoteAddress?.ipAddress else {
                throw ChannelError.ioOnClosedChannel
            }
            asked.origin = .network(address: address)
            return await router.answer(asked)
        case .control:
            guard try await ControlSocket.mayControl(channel) else {
                return .text(403, "only root and the user of the daemon may use this socket")
            }
            return await router.answer(asked)
        }
    }

    private func begin() {
        defer { outcome(nil) }
        switch place {
        case .network(let web):
            logger.notice("the web server listens", metadata: metadata())
            if !web.isLocal && web.apiKey == nil && web.allowed == nil {
                logger.warning(
                    "the web server is open: whoever reaches it can read all that is collected",
                    metadata: metadata([
                        "hint": "set apikey or allowedip, or let webaddress be 127.0.0.1"
                    ]))
            }
        case .control(let socket):
            socket.protect()
            logger.debug("the control socket listens", metadata: metadata())
        }
    }

    private func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        switch place {
        case .network(let web): ["webaddress": "\(web.address)"].merging(more) { $1 }
        case .control(let socket): ["control_socket": "\(socket.path)"].merging(more) { $1 }
        }
    }

    private var hint: String {
        switch place {
        case .network(let web):
            "see who has the port with: ss -ltnp 'sport = :\(web.port)'; or change webaddress"
        case .control: "puypuy backend needs it; check the folder and its rights"
        }
    }

    private static func words(_ error: any Error) -> String {
        if let error = error as? IOError {
            return String(cString: strerror(error.errnoCode)).lowercased()
        }
        return "\(error)"
    }
}
