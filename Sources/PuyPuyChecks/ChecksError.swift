/// What went wrong while measuring: the one error type of this module.
///
/// Reads as a clause after a colon: `cannot read /proc/stat: Permission denied (run as root)`.
public struct ChecksError: Error, Sendable, Hashable {
    /// What was tried, as the words after "cannot": `read`, `run`, `count the open files of`.
    public let operation: String
    /// What it was tried on: a path, an option, a label.
    public let subject: String
    /// Why it did not work, in the system's own words where there are any.
    public let cause: String
    /// What the operator can do about it; `nil` when there is nothing to say.
    public let hint: String?

    /// `operation` on `subject` failed because of `cause`; `hint` says what to do.
    public init(operation: String, subject: String, cause: String, hint: String? = nil) {
        self.operation = operation
        self.subject = subject
        self.cause = cause
        self.hint = hint
    }
}

extension ChecksError: CustomStringConvertible {
    /// `cannot OPERATION SUBJECT: CAUSE (HINT)`.
    public var description: String {
        let tail = hint.map { " (\($0))" } ?? ""
        return "cannot \(operation) \(subject): \(cause)\(tail)"
    }
}
