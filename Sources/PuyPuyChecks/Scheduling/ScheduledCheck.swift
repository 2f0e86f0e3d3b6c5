public import PuyPuyCore

/// A check with its place in the schedule.
public struct ScheduledCheck: Sendable {
    /// The name, with its instance when it has one: `cpustats`, `redis@cache`. Holds no slash.
    public let name: String
    /// What measures.
    public let check: any Check
    /// How often it runs.
    public let interval: Duration
    /// How long a run may take.
    public let timeout: Duration
    /// Tags that its points have beside the base tags, which they override.
    public let tags: Tags

    /// The line that it stands in before it runs; `nil` when it is independent of others. After a
    /// run of it hung it pauses, since that kept the others waiting.
    public let turns: RunTurns?

    /// Schedules `check`; without a `timeout` it is ``defaultTimeout(for:)``.
    public init(
        name: String, check: any Check, interval: Duration, timeout: Duration? = nil,
        tags: Tags = .none, turns: RunTurns? = nil
    ) {
        self.name = name
        self.check = check
        self.interval = interval
        self.timeout = timeout ?? ScheduledCheck.defaultTimeout(for: interval)
        self.tags = tags
        self.turns = turns
    }

    /// The interval, but at least a second and at most a minute.
    public static func defaultTimeout(for interval: Duration) -> Duration {
        max(.seconds(1), min(interval, .seconds(60)))
    }
}
