internal import PuyPuyAgent
internal import PuyPuySpool

/// What an import did or would do, for people.
struct ImportReport {
    /// The most lines about cached files; the rest is a number.
    private static let listed = 20

    let plan: ImportPlan
    let outcome: Import.Outcome
    let target: String
    let isDry: Bool

    /// Whether everything is carried over that matters: all cached points, and a configuration that
    /// can be used.
    var isComplete: Bool {
        outcome.poison.isEmpty && !outcome.problems.contains { $0.severity == .error }
    }

    var text: String {
        var lines: [String] = []
        if isDry { lines.append("a dry run: nothing is written") }
        for path in outcome.written {
            lines.append("\(isDry ? "would write" : "wrote")  \(target)/\(path)")
        }
        for path in outcome.kept {
            lines.append("kept   \(target)/\(path): it is there already and stays as it is")
        }
        for remark in plan.remarks { lines.append("note   \(remark.subject): \(remark.reason)") }
        for poison in outcome.poison.prefix(Self.listed) {
            lines.append("left   \(poison.subject): \(poison.reason)")
        }
        if outcome.poison.count > Self.listed {
            lines.append("left   \(outcome.poison.count - Self.listed) more of that kind")
        }
        lines += cached
        let counted = outcome.problems.filter { $0.severity != .notice }
        for problem in counted { lines.append("check  \(problem)") }
        if !isDry { lines.append("Next: puypuy config check --config \(target)/config.ini") }
        return lines.joined(separator: "\n") + "\n"
    }

    private var cached: [String] {
        guard let folder = plan.cacheFolder, !plan.cachedFiles.isEmpty else { return [] }
        let cached = outcome.cached
        var lines: [String] = []
        if isDry {
            lines.append(
                "cached \(Readable.count(cached.points)) points of \(cached.files) files in"
                    + " \(folder) would go into the spool")
        } else if let spool = outcome.spoolPath {
            lines.append(
                "cached \(Readable.count(cached.points)) points of \(cached.files) files in"
                    + " \(folder) are in \(spool) now; remove the files when they are delivered")
        } else {
            lines.append(
                "cached \(plan.cachedFiles.count) files in \(folder) wait until the new configuration"
                    + " can be used: correct it, and run this again")
        }
        if cached.knownFiles > 0 {
            lines.append("cached \(cached.knownFiles) files came over before")
        }
        return lines
    }
}
