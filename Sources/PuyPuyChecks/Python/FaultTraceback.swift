/// A traceback as Python's `faulthandler` or `traceback` writes it, without the host's own lines.
struct FaultTraceback: Equatable {
    /// The text, without what belongs to the host's program.
    let text: String
    /// The innermost line of a module, as `FILE line N in NAME`; `nil` when none is known.
    let place: String?

    /// The first line.
    var head: String { String(text.prefix { $0 != "\n" }) }

    /// Reads what was written.
    init(_ written: String) {
        var kept: [Substring] = []
        var places: [String] = []
        // The innermost comes first with faulthandler and last with traceback.
        var innermostIsFirst = false
        var isOwn = false
        for line in written.split(separator: "\n") {
            if line.contains("most recent call first") { innermostIsFirst = true }
            let words = line.drop { $0 == " " }
            if words.hasPrefix("File \"") {
                isOwn = words.hasPrefix("File \"<puypuy") || words.hasPrefix("File \"<string>")
                if !isOwn { places.append(FaultTraceback.place(words)) }
            } else if !line.hasPrefix("    ") {
                isOwn = false
            }
            if !isOwn { kept.append(line) }
        }
        text = kept.joined(separator: "\n")
        // A line of a module says more than one of the library that it called.
        let ordered = innermostIsFirst ? places : places.reversed()
        place = ordered.first { $0.contains("/check_") } ?? ordered.first
    }

    /// `File "/x/check_a.py", line 3 in f` as `/x/check_a.py line 3 in f`.
    private static func place(_ words: Substring) -> String {
        let parts = words.dropFirst("File \"".count).split(separator: "\"", maxSplits: 1)
        guard parts.count == 2 else { return String(words) }
        let rest = parts[1].filter { $0 != "," }
        return "\(parts[0])\(rest)"
    }
}
