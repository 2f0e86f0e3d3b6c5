/// What a stand-in of a database does other than its protocol says.
public enum StandInFault: Sendable {
    /// Answers so, and keeps nothing.
    case instead(StandInHTTPServer.Reply)
    /// Does its work and then answers so: the confirmation is lost.
    case afterwards(StandInHTTPServer.Reply)
}
