internal import PuyPuyCore

/// What keeps a backend from being made, or a request from getting its answer.
///
/// Its description is a clause that reads well after a colon, and never holds a secret.
public struct BackendsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// How much a later attempt may hope for.
    public enum Kind: Sendable, Hashable {
        /// There was no connection: nothing was sent.
        case unreachable
        /// Something may have been sent; it may work later.
        case transient
        /// The interrupt was raised.
        case interrupted
        /// Nothing works until somebody changes something.
        case misconfigured
    }

    /// How much a later attempt may hope for.
    public let kind: Kind
    /// What was tried: `send to`, `read the address`.
    public let operation: String
    /// With what: an address, a file.
    public let subject: String
    /// Why it failed, in libcurl's or the system's own words where there are any.
    public let cause: String
    /// What an operator can do; empty when there is nothing.
    public let hint: String

    init(
        _ kind: Kind, operation: String, subject: String, cause: String, hint: String = ""
    ) {
        self.kind = kind
        self.operation = operation
        self.subject = subject
        self.cause = cause
        self.hint = hint
    }

    /// `send to http://db:8086: Could not resolve host: db`
    public var reason: String { "\(operation) \(subject): \(cause)" }

    /// The reason, and the hint in brackets.
    public var description: String { hint.isEmpty ? reason : "\(reason) (\(hint))" }

    /// What it means for the points of the request.
    var outcome: Outcome {
        switch kind {
        case .unreachable: .unreachable(reason: reason)
        case .transient, .interrupted: .transient(reason: reason, retryAfter: nil)
        case .misconfigured: .misconfigured(reason: reason, hint: hint)
        }
    }
}
