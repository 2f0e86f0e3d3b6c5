import Testing

@testable import PuyPuyChecks

struct RunStartsTests {
    @Test func `late runs are counted, and the latest is told once`() {
        let starts = RunStarts()
        for ms in [3, 100, 101, 250] { starts.note(lateNs: Int64(ms) * 1_000_000) }
        #expect(starts.late == 2)
        #expect(starts.takeLargest() == .milliseconds(250))
        #expect(starts.takeLargest() == .zero)
        #expect(starts.late == 2)
    }

    @Test func `starts are under way until none has followed for a moment`() {
        let starts = RunStarts()
        #expect(starts.timeLeft(atNs: 0) == nil)
        starts.note(lateNs: 0, atNs: 1_000_000_000)
        #expect(starts.timeLeft(atNs: 1_000_000_000) == .milliseconds(30))
        #expect(starts.timeLeft(atNs: 1_029_000_000) == .milliseconds(1))
        #expect(starts.timeLeft(atNs: 1_030_000_000) == nil)
        starts.note(lateNs: 0, atNs: 1_015_000_000)
        #expect(starts.timeLeft(atNs: 1_030_000_000) == .milliseconds(15))
    }
}
