public import PuyPuyCore

/// A built-in check that the configuration enables, with its options.
public struct EnabledCheck: Sendable, Hashable {
    /// The check's name, as in `check_NAME.ini`.
    public var name: String
    /// The instance of `check_NAME@INSTANCE.ini`; `nil` for `check_NAME.ini`.
    public var instance: String?
    /// How often it runs: its own `interval`, else `check_period_seconds`.
    public var interval: Duration
    /// The most time that a run takes: its own `timeout`, else the interval, but at least
    /// a second and at most a minute.
    public var timeout: Duration
    /// What the check's section of the configuration and its own file say, keys in lower case; its
    /// own file wins. Only keys that stand there.
    public var options: [String: String]
    /// The file that enables it, as problems name it.
    public var file: String

    /// An enabled check.
    public init(
        name: String, instance: String? = nil, interval: Duration, timeout: Duration,
        options: [String: String] = [:], file: String = ""
    ) {
        self.name = name
        self.instance = instance
        self.interval = interval
        self.timeout = timeout
        self.options = options
        self.file = file
    }

    /// The name that tells it from all others: `redis`, `redis@cache`.
    public var id: String { instance.map { "\(name)@\($0)" } ?? name }

    /// The tags that its points get besides the base tags: `instance` when it has one.
    public var tags: Tags { instance.map { ["instance": $0] } ?? .none }
}
