/// What a backend made of one request: the input of the sender's decisions.
///
/// Rows are positions in the request, from 0. Reasons are in the server's or the system's own words.
public enum Outcome: Sendable, Equatable {
    /// Every point is confirmed, in the strongest way the protocol allows.
    case accepted
    /// Every point is confirmed but these, which are refused for good.
    case acceptedExcept([Rejection])
    /// Some points are refused for good and the server does not say which. The others may or may
    /// not be stored. `suspects` are rows that the server's words point to; it may be empty, and
    /// the offenders need not be among them.
    case refused(reason: String, suspects: [Int])
    /// The request is larger than the server takes.
    case tooLarge(reason: String)
    /// There was no connection: nothing was sent.
    case unreachable(reason: String)
    /// It may work later: a timeout, a reset, 408, 429, 5xx. `retryAfter` is the server's wish.
    case transient(reason: String, retryAfter: Duration?)
    /// As `transient`, but the cause may lie in the points: some servers answer 500 to what they
    /// cannot read. After some attempts the offenders are searched for by bisection; a point is
    /// given up only when it fails alone, again and again, while others are accepted.
    case doubtful(reason: String, retryAfter: Duration?)
    /// Nothing was sent: the backend itself wants to wait so long first. No failure.
    case postponed(Duration)
    /// Nothing works until somebody changes something: credentials, an unknown database, a
    /// certificate. `hint` says what.
    case misconfigured(reason: String, hint: String)

    /// Whether the request has to be repeated as it is: the server did not judge the points.
    public var isFailure: Bool {
        switch self {
        case .accepted, .acceptedExcept, .refused, .tooLarge, .postponed: false
        case .unreachable, .transient, .doubtful, .misconfigured: true
        }
    }

    /// Whether every point is settled: confirmed, or refused for good.
    public var confirms: Bool {
        switch self {
        case .accepted, .acceptedExcept: true
        case .refused, .tooLarge, .unreachable, .transient, .doubtful, .postponed, .misconfigured:
            false
        }
    }

    /// One point refused for good.
    public struct Rejection: Sendable, Equatable {
        /// The point's position in the request.
        public let row: Int
        /// The server's words.
        public let reason: String

        /// A refusal of the point at `row`.
        public init(row: Int, reason: String) {
            self.row = row
            self.reason = reason
        }
    }
}
