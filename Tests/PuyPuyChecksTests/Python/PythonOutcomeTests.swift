import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct PythonOutcomeTests {
    private func outcome(_ records: [[String]]) -> PythonOutcome {
        var outcome = PythonOutcome()
        outcome.add(PythonFrame(records))
        return outcome
    }

    @Test func `counts are added up`() {
        let read = outcome([["resets", "2"], ["resets", "3"], ["refusal", "m", "unnamed", "7"]])
        #expect(read.counterResets == 5)
        #expect(read.refusals.map(\.count) == [7])
    }

    @Test func `counts that nobody can have counted stay within bounds`() {
        let largest = "9223372036854775807"
        let read = outcome([
            ["resets", largest], ["resets", largest], ["resets", "-9"],
            ["refusal", "m", "unnamed", largest], ["refusal", "m", "unnamed", "-1"],
            ["refusal", "m", "unnamed", "many"],
        ])
        #expect(read.counterResets == Int(Int32.max))
        #expect(read.refusals.map(\.count) == [Int(Int32.max), 0, 1])
    }
}
