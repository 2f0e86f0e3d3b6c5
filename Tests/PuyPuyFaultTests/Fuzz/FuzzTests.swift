import TestSupport
import Testing

/// Hostile input: mutated valid inputs for everything that reads what others wrote.
///
/// A failure prints the seed, the number of the case and the input. `PUYPUY_FUZZ_SEED` tries the same
/// inputs again, with `PUYPUY_FUZZ_CASE` one of each target alone. When the process itself ends, the
/// input is in the file that ``LastCase`` left, `puypuy-fuzz-PID-TARGET` in the temporary folder: its
/// first line has the seed and the number.
@Suite(.timeLimit(.minutes(120)))
struct FuzzTests {
    static let targets =
        CoreTargets.all + CheckTargets.all + HostFileTargets.all + AnswerTargets.all
        + NameTargets.all + SettingsTargets.all

    /// All that one row of the campaign sums up.
    static let targetNames = Set(targets.map(\.name) + FuzzServerTests.targetNames)

    @Test(arguments: targets)
    func `hostile input breaks no reader`(target: FuzzTarget) throws { try target.run() }

    @Test func `a seed makes the same inputs again, and others make others`() {
        let corpus = [Array("name 1.5 type gauge host=a".utf8), Array("[TSDB]\nkey: 1".utf8)]
        func inputs(seed: UInt64) -> [[UInt8]] {
            var mutator = Mutator(corpus: corpus, words: [[0x3D]], seed: seed)
            return (0..<200).map { _ in mutator.next() }
        }
        #expect(inputs(seed: 7) == inputs(seed: 7))
        #expect(inputs(seed: 7) != inputs(seed: 8))
        #expect(Set(inputs(seed: 7)).count > 100)
        #expect(inputs(seed: 7).allSatisfy { $0.count <= Mutator.maxBytes + 100_000 })
    }
}
