/// What a path means, and what it takes.
enum WebRoute {
    case page(PageFile)
    case health, readiness, metrics, plugin, salvage, reload
    case status, backends, checks, ledger, spool, series, points
    case retry(String)
    case forget(String)
    case deadLetters(DeadLetterAction)

    /// The route of the parts of a path; `nil` when nothing is there.
    init?(_ segments: [String]) {
        if segments.count == 1, let file = PageFile(segments[0]) {
            self = .page(file)
            return
        }
        switch segments {
        case ["healthz"]: self = .health
        case ["readyz"]: self = .readiness
        case ["metrics"]: self = .metrics
        case ["nag"]: self = .plugin
        case ["api", "v1", "status"]: self = .status
        case ["api", "v1", "backends"]: self = .backends
        case ["api", "v1", "checks"]: self = .checks
        case ["api", "v1", "ledger"]: self = .ledger
        case ["api", "v1", "spool"]: self = .spool
        case ["api", "v1", "series"]: self = .series
        case ["api", "v1", "points"]: self = .points
        case ["api", "v1", "salvage"]: self = .salvage
        case ["api", "v1", "reload"]: self = .reload
        case ["api", "v1", "dead", "retry"]: self = .deadLetters(.retry)
        case ["api", "v1", "dead", "discard"]: self = .deadLetters(.discard)
        default:
            guard segments.count == 5, segments[..<3] == ["api", "v1", "backends"] else {
                return nil
            }
            switch segments[4] {
            case "retry": self = .retry(segments[3])
            case "forget": self = .forget(segments[3])
            default: return nil
            }
        }
    }

    /// Whether it is only for the control socket.
    var changesSomething: Bool {
        switch self {
        case .retry, .forget, .deadLetters, .salvage, .reload: true
        default: false
        }
    }

    /// The methods that the path takes.
    var methods: [String] {
        switch self {
        case .retry, .forget, .deadLetters, .plugin, .reload: ["POST"]
        case .salvage: ["POST", "GET"]
        default: ["GET", "HEAD"]
        }
    }

    /// Whether the network has to bring the key. The files of the page hold no data: they ask for the
    /// key themselves.
    var needsKey: Bool {
        switch self {
        case .health, .readiness, .page: false
        default: true
        }
    }
}
