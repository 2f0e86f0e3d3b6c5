internal import PuyPuyAgent
internal import PuyPuyCore
internal import PuyPuySpool

/// What came over from a file and what did not, as text with what to do, or as JSON.
struct SalvageReport {
    let path: String
    let spool: String
    let isDry: Bool
    let found: Salvage

    /// For people.
    func text(width: Int) -> String {
        var lines = ["\(path) into \(spool)" + (isDry ? ", a dry run: nothing is written" : "")]
        var text = ""
        if !found.backends.isEmpty { text = table.text(width: width) }
        let came = isDry ? "would come over" : "came over"
        lines.append("\(Self.words(found.batches)) \(came)")
        if found.known.number > 0 { lines.append("\(Self.words(found.known)) are here already") }
        let letters = [
            (found.letters, came), (found.knownLetters, "are here already"),
            (found.lostLetters, "are lost with their series"),
        ]
        for (count, what) in letters where count > 0 {
            lines.append("\(Readable.count(count)) dead letters \(what)")
        }
        if found.counters > 0 { lines.append("\(found.counters) readings of counters \(came)") }
        lines += notes + losses
        lines.append(verdict)
        return lines[0] + "\n" + text + lines.dropFirst().joined(separator: "\n") + "\n"
    }

    /// For programs.
    var json: String {
        JSONText.object(
            [
                ("file", JSONText.string(path)), ("spool", JSONText.string(spool)),
                ("dry_run", "\(isDry)"),
            ] + found.members)
    }

    private var table: Table {
        var table = Table([
            ("backend", .left), ("pending", .right), ("kept", .right), ("dead letters", .right),
            ("lost", .right),
        ])
        for backend in found.backends {
            table.add([
                backend.name, Readable.count(backend.pending), Readable.count(backend.kept),
                Readable.count(backend.dead), backend.lost.map(Readable.count) ?? "unknown",
            ])
        }
        return table
    }

    /// What was decided where the file does not say.
    private var notes: [String] {
        var notes: [String] = []
        if found.namesAreLost {
            notes.append(
                "the names of backends are lost: what waited for any of them waits for each that is"
                    + " configured; sending again is harmless")
        }
        for backend in found.backends where backend.assumesAll {
            notes.append(
                "what waited for \(backend.name) is not known any more: everything is sent to it"
                    + " again, which is harmless")
        }
        return notes
    }

    private var losses: [String] {
        var losses = found.lostBatches.map {
            "lost: batch \($0.batch), \(Readable.count($0.points)) points: \($0.reason)"
        }
        let more = found.damaged.number - Int64(found.lostBatches.count)
        if more > 0 { losses.append("lost: \(Readable.count(more)) more such batches") }
        if found.pointsWithoutSeries > 0 {
            losses.append(
                "lost: \(Readable.count(found.pointsWithoutSeries)) points of"
                    + " \(found.missingSeries) series whose names are lost")
        }
        for backend in found.backends {
            guard let lost = backend.lost, lost > 0 else { continue }
            losses.append(
                "lost: \(Readable.count(lost)) points that waited for \(backend.name), by the books"
                    + (isDry ? "" : "; they are booked as expired"))
        }
        return losses
    }

    private var verdict: String {
        if !found.isComplete {
            return Terminal.styled("something is lost", .yellow)
                + "; all that can be read \(isDry ? "would come" : "came") over"
        }
        return Terminal.styled("nothing is known to be lost", .green)
            + (isDry ? "" : "; \(path) is as it was, and not needed any more")
    }

    private static func words(_ count: Salvage.Count) -> String {
        "\(Readable.count(count.points)) points in \(Readable.count(count.number)) batches"
    }
}
