internal import PuyPuyCore
internal import PuyPuySpool

/// What a check of a spool found, as text with what to do, or as JSON.
struct VerificationReport {
    let path: String
    let found: Verification

    /// For people.
    var text: String {
        var lines = [
            "spool \(path): \(Readable.count(found.points)) points in"
                + " \(Readable.count(found.batches)) batches"
        ]
        add(found.structure.map { "structure: \($0)" }, to: &lines)
        add(found.unreadable.map(Self.unreadable), to: &lines)
        add(found.damagedBatches.map(Self.damaged), of: found.damagedBatchCount, to: &lines)
        add(
            found.missingSeries.map { "batch \($0.batch): its series \($0.series) is missing" },
            of: found.missingSeriesCount, to: &lines)
        add(found.accounts, to: &lines)
        lines.append(verdict)
        return lines.joined(separator: "\n") + "\n"
    }

    /// For programs. Times are nanoseconds since the epoch.
    var json: String {
        JSONText.object([
            ("path", JSONText.string(path)), ("sound", "\(found.isSound)"),
            ("batches", "\(found.batches)"), ("points", "\(found.points)"),
            ("structure", JSONText.array(found.structure.map(JSONText.string))),
            ("unreadable_batches", JSONText.array(found.unreadable.map(Self.range))),
            ("damaged_batch_count", "\(found.damagedBatchCount)"),
            ("damaged_points", "\(found.damagedPoints)"),
            ("damaged_batches", JSONText.array(found.damagedBatches.map(Self.damagedJSON))),
            ("missing_series_count", "\(found.missingSeriesCount)"),
            (
                "missing_series",
                JSONText.array(
                    found.missingSeries.map {
                        JSONText.object([("series", "\($0.series)"), ("batch", "\($0.batch)")])
                    })
            ),
            ("accounts", JSONText.array(found.accounts.map(JSONText.string))),
            ("backends", JSONText.array(found.backends.map(JSONText.backend))),
            ("what_to_do", JSONText.optional(whatToDo)),
        ])
    }

    private var verdict: String {
        if found.isSound { return Terminal.styled("sound", .green) }
        return Terminal.styled("DAMAGED", .red) + (whatToDo.map { ": \($0)" } ?? "")
    }

    private var whatToDo: String? {
        if found.isSound { return nil }
        if found.isUsable {
            return "the points of these batches are lost, and the others are not: the daemon skips"
                + " such batches and books their points as expired; check the disk"
        }
        if path.contains(".damaged-") {
            return "check the disk, and run: puypuy spool salvage \(path)"
        }
        return "check the disk, stop the daemon, and rename the file to \(path).damaged-1 and its"
            + " -wal, if there is one, to \(path).damaged-1-wal; then run: puypuy spool salvage"
            + " \(path).damaged-1"
    }

    private func add(_ found: [String], of count: Int64? = nil, to lines: inout [String]) {
        lines += found.prefix(Verification.listed)
        let more = (count ?? Int64(found.count)) - Int64(min(found.count, Verification.listed))
        if more > 0 { lines.append("… and \(Readable.count(more)) more") }
    }

    private static func unreadable(_ range: ClosedRange<BatchID>) -> String {
        range.count == 1
            ? "batch \(range.lowerBound): cannot be read"
            : "batches \(range.lowerBound) to \(range.upperBound): cannot be read"
    }

    private static func damaged(_ batch: Verification.DamagedBatch) -> String {
        "batch \(batch.batch) of \(Readable.time(ns: batch.committedNs)) UTC,"
            + " \(Readable.count(batch.points)) points: \(batch.reason)"
    }

    private static func range(_ range: ClosedRange<BatchID>) -> String {
        JSONText.object([("first", "\(range.lowerBound)"), ("last", "\(range.upperBound)")])
    }

    private static func damagedJSON(_ batch: Verification.DamagedBatch) -> String {
        JSONText.object([
            ("batch", "\(batch.batch)"), ("committed_ns", "\(batch.committedNs)"),
            ("points", "\(batch.points)"), ("reason", JSONText.string(batch.reason)),
        ])
    }
}
