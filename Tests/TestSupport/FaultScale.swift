import Foundation

/// How much of the campaign runs: with `make faults` (`PUYPUY_FAULTS=full`) all of it, in minutes to
/// hours; with `make test` a short form of each fault.
public enum FaultScale {
    /// Whether this is the whole campaign.
    public static let isFull = ProcessInfo.processInfo.environment["PUYPUY_FAULTS"] == "full"

    /// `full` in the campaign, otherwise `short`.
    public static func pick<Amount>(short: Amount, full: Amount) -> Amount { isFull ? full : short }
}
