import Foundation
import TestSupport
import Testing

/// Something that reads what others wrote.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// What it is, in a few words.
    let name: String
    /// Valid inputs.
    let corpus: [[UInt8]]
    /// Words of its language.
    let words: [[UInt8]]
    /// How many cases it gets, against others: less where a case is slow.
    let weight: Double
    /// Reads one input; says what is wrong with what came of it, `nil` when nothing is.
    typealias Reader = @Sendable ([UInt8]) throws -> String?
    /// Makes the reader, with what it needs for as long as it reads.
    let makeReader: @Sendable () throws -> Reader

    init(
        _ name: String, corpus: [[UInt8]], words: [String] = [], weight: Double = 1,
        makeReader: @escaping @Sendable () throws -> Reader
    ) {
        self.name = name
        self.corpus = corpus
        self.words = words.map { Array($0.utf8) }
        self.weight = weight
        self.makeReader = makeReader
    }

    init(
        _ name: String, corpus: [[UInt8]], words: [String] = [], weight: Double = 1,
        _ read: @escaping Reader
    ) {
        self.init(name, corpus: corpus, words: words, weight: weight, makeReader: { read })
    }

    init(
        _ name: String, texts: [String], words: [String] = [], weight: Double = 1,
        _ read: @escaping Reader
    ) {
        self.init(
            name, corpus: texts.map { Array($0.utf8) }, words: words, weight: weight, read)
    }

    var testDescription: String { name }

    /// How many cases.
    var cases: Int { Int(weight * FaultScale.pick(short: 5_000, full: 260_000)) }

    /// Tries all cases, or the one that `PUYPUY_FUZZ_CASE` names, until some have failed.
    func run() throws {
        let last = try LastCase(target: name, seed: Fuzzing.seed)
        let only = ProcessInfo.processInfo.environment["PUYPUY_FUZZ_CASE"].flatMap { Int($0) }
        let read = try makeReader()
        var failures = 0
        var tried = 0
        var slowestNs: UInt64 = 0
        for number in only.map({ $0..<($0 + 1) }) ?? 0..<cases {
            var mutator = Mutator(
                corpus: corpus, words: words, seed: Fuzzing.seed(of: name, case: number))
            let input = mutator.next()
            last.note(number, input)
            tried += 1
            let start = DispatchTime.now().uptimeNanoseconds
            var wrong: String?
            do { wrong = try read(input) } catch { wrong = "it threw \(error)" }
            let spentNs = DispatchTime.now().uptimeNanoseconds - start
            slowestNs = max(slowestNs, spentNs)
            if spentNs > Fuzzing.patienceNs { wrong = wrong ?? "it took \(spentNs / 1_000_000) ms" }
            guard let wrong else { continue }
            Issue.record("\(name): \(wrong)\n\(Fuzzing.replay(name, number, input))")
            failures += 1
            if failures == 5 { break }
        }
        FuzzTally.shared.add(name, cases: tried, slowestNs: slowestNs)
    }
}

/// What all targets have in common.
enum Fuzzing {
    /// All inputs follow from it: `PUYPUY_FUZZ_SEED`, else 1, and with `make faults` any.
    static let seed =
        ProcessInfo.processInfo.environment["PUYPUY_FUZZ_SEED"].flatMap { UInt64($0) }
        ?? FaultScale.pick(short: 1, full: UInt64.random(in: 1...999_999_999))

    /// Longer than this no case may take, on however busy a host.
    static let patienceNs: UInt64 = 10_000_000_000

    /// Every case has a seed of its own, so that it can be tried alone. FNV-1a of the name.
    static func seed(of target: String, case number: Int) -> UInt64 {
        let hash = target.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        var mixer = SeededGenerator(seed: seed ^ hash)
        return mixer.next() &+ UInt64(number) &* 0xD6E8_FEB8_6659_FD93
    }

    /// How to try a case again, and its input.
    static func replay(_ target: String, _ number: Int, _ input: [UInt8]) -> String {
        let hex = input.prefix(300).map { String(format: "%02x", $0) }.joined()
        let text = String(decoding: input.prefix(300), as: UTF8.self).debugDescription
        return "PUYPUY_FUZZ_SEED=\(seed) PUYPUY_FUZZ_CASE=\(number), target \(target), "
            + "\(input.count) bytes: \(hex)\(input.count > 300 ? "…" : "")\n\(text)"
    }
}
