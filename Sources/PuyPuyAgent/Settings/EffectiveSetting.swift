/// One setting as it is in effect, for `config show`.
public struct EffectiveSetting: Sendable, Hashable {
    /// Where a setting comes from.
    public enum Source: Sendable, Hashable {
        /// Nobody set it.
        case defaulted
        /// It stands in this file and line.
        case file(String, line: Int)
    }

    /// The section, without its brackets.
    public let section: String
    /// The key.
    public let key: String
    /// The value for people, secrets masked; empty when nothing is set.
    public let text: String
    /// Where it comes from.
    public let source: Source
}
