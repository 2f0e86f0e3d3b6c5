/// What failed in the spool: the operation, on what, why in the system's own words, and what an
/// operator can do.
public struct SpoolError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is, as far as the program acts on it.
    public enum Kind: Sendable, Hashable {
        /// The disk, the quota or the page limit is full.
        case full
        /// The file is damaged or no spool at all.
        case damaged
        /// Another process has the spool.
        case locked
        /// The spool was written by a newer program.
        case newer
        /// A query cannot be run as it is.
        case query
        /// Anything else.
        case other
    }

    /// What the program can act on.
    public let kind: Kind
    /// What was being done, as a clause: `cannot commit`.
    public let operation: String
    /// To what: a path.
    public let subject: String
    /// Why, in the system's own words.
    public let cause: String
    /// What to do about it.
    public let hint: String?

    init(
        _ kind: Kind = .other, operation: String, subject: String, cause: String,
        hint: String? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.subject = subject
        self.cause = cause
        self.hint = hint
    }

    /// One line: operation, subject, cause, hint.
    public var description: String {
        "\(operation) \(subject): \(cause)" + (hint.map { "; \($0)" } ?? "")
    }
}
