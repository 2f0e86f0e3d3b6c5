/// What a Nagios plugin says by its exit status: Nagios Plugins Development Guidelines.
public enum NagiosState: Int, Sendable, Hashable, CaseIterable {
    /// All is well.
    case ok = 0
    /// Over the first threshold.
    case warning = 1
    /// Over the second threshold, or not working.
    case critical = 2
    /// The plugin could not tell.
    case unknown = 3

    /// The state of a plugin that ended with `status`; anything out of the ordinary is unknown.
    init(exitStatus status: Int32) { self = NagiosState(rawValue: Int(status)) ?? .unknown }

    /// `OK`, `WARNING`, `CRITICAL`, `UNKNOWN`.
    public var word: String {
        switch self {
        case .ok: "OK"
        case .warning: "WARNING"
        case .critical: "CRITICAL"
        case .unknown: "UNKNOWN"
        }
    }
}
