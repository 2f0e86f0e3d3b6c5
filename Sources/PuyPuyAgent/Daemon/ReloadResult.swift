internal import PuyPuyCore

/// What a reload did, or why it was refused.
public struct ReloadResult: Sendable, Hashable {
    /// Why the configuration that runs goes on, as a clause; `nil` when the new one is in effect.
    public var refusal: String?
    /// What is wrong with the configuration, a line each: errors first make a refusal, others are
    /// only told.
    public var problems: [String] = []
    /// What is different now, a clause each; empty when nothing is.
    public var changes: [String] = []
    /// The keys that differ and take effect with the next start.
    public var needsRestart: [String] = []

    init() {}
}

// As the control socket carries it.
extension ReloadResult {
    var json: String {
        JSONText.object([
            ("reloaded", "\(refusal == nil)"), ("error", JSONText.optional(refusal)),
            ("problems", JSONText.array(problems.map(JSONText.string))),
            ("changes", JSONText.array(changes.map(JSONText.string))),
            ("needs_restart", JSONText.array(needsRestart.map(JSONText.string))),
        ])
    }

    /// Reads ``json``; `nil` when it is something else.
    init?(_ json: JSONValue) {
        guard let isDone = json["reloaded"]?.flag else { return nil }
        func words(_ name: String) -> [String] {
            (json[name]?.array ?? []).compactMap(\.string)
        }
        refusal = isDone ? nil : json["error"]?.string ?? "the daemon does not say why"
        problems = words("problems")
        changes = words("changes")
        needsRestart = words("needs_restart")
    }
}
