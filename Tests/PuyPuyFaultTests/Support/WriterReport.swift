import PuyPuyCore
import TestSupport

/// What the fault writer had said by some moment: see its `Report`.
struct WriterReport {
    /// Of each writer, the last run that was durable.
    private(set) var durable: [Int: Int] = [:]
    /// Of each writer, the last run that it said anything of.
    private(set) var last: [Int: Int] = [:]
    /// Of each backend, the runs whose batches it may have been acknowledged.
    private(set) var delivered: [String: Set<FaultRun>] = [:]
    /// Of each backend, the batches that were acknowledged.
    private(set) var acknowledged: [String: [ClosedRange<BatchID>]] = [:]
    /// Runs that waited in memory, and those for which points were dropped.
    private(set) var buffered = 0
    private(set) var dropped = 0
    /// Points that were in memory at the end.
    private(set) var left = 0
    /// Why the spool could not be opened.
    private(set) var problem: String?

    init(_ lines: some Sequence<String> = []) {
        for line in lines { add(line) }
    }

    /// Runs that were durable.
    var durableCount: Int { durable.values.reduce(0, +) }

    mutating func add(_ line: String) {
        let words = line.split(separator: " ")
        guard let kind = words.first else { return }
        func number(_ index: Int) -> Int { Int(words[index]) ?? 0 }
        switch kind {
        case "A", "B", "D":
            if kind == "A" { durable[number(1)] = number(2) }
            if kind == "B" { buffered += 1 }
            if kind == "D" { dropped += 1 }
            last[number(1)] = number(2)
        case "P":
            for word in words[4...] {
                let parts = word.split(separator: ":").compactMap { Int($0) }
                delivered[String(words[1]), default: []]
                    .insert(FaultRun(writer: parts[0], sequence: parts[1]))
            }
        case "K":
            acknowledged[String(words[1]), default: []]
                .append(BatchID(number(2))...BatchID(number(3)))
        case "L": left += number(1)
        case "X": problem = line
        default: break
        }
    }
}
