internal import PuyPuyBackends
internal import PuyPuyChecks
internal import PuyPuyCore
internal import PuyPuySpool

/// What the answers are made from: the daemon, or a stand-in in tests.
protocol WebSource: Sendable {
    /// The last values, as Prometheus reads them.
    func metrics() async -> [UInt8]
    /// What keeps the daemon from collecting durably; `nil` when nothing does.
    func trouble() async -> String?
    /// How the daemon is doing, JSON.
    func status() async throws -> String
    /// Every backend, those that were removed included.
    func backends() async throws -> [BackendStatus]
    /// Every check that runs or ran.
    func checks() async throws -> [CheckStatus]
    /// The books of every backend and what was refused, JSON.
    func ledger() async throws -> String
    /// The space that the spool takes and has, JSON.
    func spoolRoom() async throws -> String
    /// The series that a search means, JSON.
    func series(_ search: SeriesSearch) async throws -> String
    /// Points in buckets, JSON.
    func points(_ request: PointsRequest) async throws -> String
    /// Lets a backend try now instead of at its next attempt; false when none with a sender has this
    /// name.
    func retry(_ backend: String) async -> Bool
    /// Reads the configuration anew and puts it in effect; `nil` before the daemon can.
    func reload() async -> ReloadResult?
    /// Forgets a backend that is configured no more; returns its books as they were.
    func forget(_ backend: String) async throws -> Ledger
    /// Retries or discards dead letters, some at a time.
    func settle(
        _ action: DeadLetterAction, _ part: DeadLetterPart
    ) async throws -> DeadLetterProgress
    /// Begins to take over what is readable in a file of a spool; returns how far it is, JSON. Throws
    /// while another salvage is under way.
    func salvage(_ file: String) async throws -> String
    /// How far the last salvage is, JSON; `nil` when there was none.
    func salvageState() async -> String?
    /// Runs the plugin `name` of `[Nagios]`; `nil` when so many run that it has to wait.
    func runPlugin(_ name: String, arguments: String) async -> NagiosPlugins.Answer?
}

/// Finds the answer to a request: paths, methods, rights. Reading is for everybody with access;
/// what changes something only for the control socket.
struct WebRouter: Sendable {
    let access: WebAccess
    let source: any WebSource

    /// The answer to `request`. The body of an answer to HEAD is that to GET, and not to be sent.
    func answer(_ request: WebRequest) async -> WebAnswer {
        let segments = request.segments
        let route = segments.flatMap { WebRoute($0) }
        if let refusal = access.refusal(request, needsKey: route?.needsKey ?? true) {
            return shaped(refusal, for: request)
        }
        guard segments != nil else {
            return shaped(.text(400, "the path cannot be read"), for: request)
        }
        guard let route else {
            return shaped(
                .text(
                    404,
                    "nothing is here; there are the page at /, /metrics, /healthz, /readyz, /nag, and"
                        + " below /api/v1 status, backends, checks, ledger, spool, series and points"
                ),
                for: request)
        }
        guard route.methods.contains(request.method) else {
            var answer = WebAnswer.text(
                405, "\(route.methods.joined(separator: " or ")) is what this path takes")
            answer.headers["Allow"] = route.methods.joined(separator: ", ")
            return shaped(answer, for: request)
        }
        if route.changesSomething && request.origin != .control {
            return shaped(
                .text(
                    403,
                    "only the control socket may change something: use puypuy reload, backend, spool"
                        + " dead or spool salvage on the host itself"), for: request)
        }
        return shaped(await result(of: route, request), for: request)
    }

    private func result(of route: WebRoute, _ request: WebRequest) async -> WebAnswer {
        do {
            switch route {
            case .health: return .text(200, "ok")
            case .readiness:
                guard let trouble = await source.trouble() else { return .text(200, "ready") }
                // The words may name files: they are for who has the key.
                let mayKnow = access.refusal(request, needsKey: true) == nil
                return .text(503, mayKnow ? "not ready: \(trouble)" : "not ready")
            case .page(let file): return compressed(file.answer, for: request)
            case .metrics:
                return compressed(
                    WebAnswer(
                        status: 200, contentType: ExpositionEncoder.contentType,
                        body: await source.metrics()), for: request)
            case .plugin: return await plugin(request)
            case .status: return .json(200, try await source.status())
            case .backends:
                let backends = try await source.backends()
                return .json(
                    200,
                    JSONText.object([("backends", JSONText.array(backends.map(\.json)))]))
            case .checks:
                let checks = try await source.checks()
                return .json(
                    200, JSONText.object([("checks", JSONText.array(checks.map(\.json)))]))
            case .ledger: return .json(200, try await source.ledger())
            case .spool: return .json(200, try await source.spoolRoom())
            case .series:
                let query = try WebQuery(request.query, names: SeriesSearch.names)
                let found = try await source.series(try SeriesSearch(query))
                return compressed(.json(200, found), for: request)
            case .points:
                let query = try WebQuery(request.query, names: PointsRequest.names)
                let asked = try PointsRequest(query, nowNs: DaemonSource.nowNs())
                return compressed(.json(200, try await source.points(asked)), for: request)
            case .retry(let name):
                guard await source.retry(name) else {
                    return .text(404, "no backend with a sender is called \(name)")
                }
                return .json(
                    200, JSONText.object([("backend", JSONText.string(name)), ("retries", "true")]))
            case .forget(let name):
                let books = try await source.forget(name)
                return .json(
                    200,
                    JSONText.object([
                        ("backend", JSONText.string(name)), ("collected", "\(books.collected)"),
                        ("delivered", "\(books.delivered)"), ("pending", "\(books.pending)"),
                        ("dead", "\(books.dead)"), ("expired", "\(books.expired)"),
                    ]))
            case .deadLetters(let action):
                guard let json = JSONValue(request.body), let part = DeadLetterPart(json) else {
                    return .text(400, "the body must be {\"backend\": \"its name\"}")
                }
                return .json(200, try await source.settle(action, part).json)
            case .salvage: return try await salvage(request)
            case .reload:
                guard let result = await source.reload() else {
                    return .text(503, "the daemon is still starting; try again")
                }
                return .json(200, result.json)
            }
        } catch let error as WebParameterError {
            return .parameter(error)
        } catch {
            return .text(route.changesSomething ? 409 : 503, "\(error)")
        }
    }

    /// Begins with `{"file": "/path"}`, or says how far it is.
    private func salvage(_ request: WebRequest) async throws -> WebAnswer {
        if request.method == "GET" {
            guard let state = await source.salvageState() else {
                return .text(404, "nothing was salvaged since the start")
            }
            return .json(200, state)
        }
        guard let file = JSONValue(request.body)?["file"]?.string, file.hasPrefix("/") else {
            return .text(400, "the body must be {\"file\": \"/its/path\"}")
        }
        return .json(202, try await source.salvage(file))
    }

    /// Runs a plugin: `{"name": "arguments"}`, answered by `{"OK": "text"}`.
    private func plugin(_ request: WebRequest) async -> WebAnswer {
        if request.origin != .control && !access.hasKey {
            return .text(403, "programs are run for nobody without a key: set apikey")
        }
        guard case .object(let members)? = JSONValue(request.body), members.count == 1,
            let (name, value) = members.first, let arguments = value.string
        else {
            return .text(400, "the body must be {\"name of a plugin\": \"arguments\"}")
        }
        guard let answer = await source.runPlugin(name, arguments: arguments) else {
            return .text(503, "too many plugins run; try again")
        }
        return .json(200, JSONText.object([(answer.state.word, JSONText.string(answer.text))]))
    }

    /// Long answers are compressed for who takes that.
    private func compressed(_ answer: WebAnswer, for request: WebRequest) -> WebAnswer {
        var answer = answer
        answer.headers["Vary"] = "Accept-Encoding"
        if request.acceptsGzip, let compressed = GzipText.compress(answer.body) {
            answer.body = compressed
            answer.headers["Content-Encoding"] = "gzip"
        }
        return answer
    }

    /// Programs that ask the API get what went wrong as JSON, too.
    private func shaped(_ answer: WebAnswer, for request: WebRequest) -> WebAnswer {
        var answer = answer
        if answer.status >= 400 && request.path.hasPrefix("/api/")
            && answer.contentType != "application/json"
        {
            let words = String(decoding: answer.body.dropLast(), as: UTF8.self)
            let json = WebAnswer.json(
                answer.status, JSONText.object([("error", JSONText.string(words))]))
            answer.body = json.body
            answer.contentType = json.contentType
        }
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer
    }
}
