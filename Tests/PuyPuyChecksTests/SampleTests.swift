import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct SampleTests {
    @Test func `a counter that went down gives no point and is counted`() {
        var first = sample(of: "c", at: 100)
        first.rate("r", .integer(50))
        var second = sample(of: "c", at: 110, after: first)
        second.rate("r", .integer(20))
        #expect(second.points.isEmpty)
        #expect(second.counterResets == 1)
        var third = sample(of: "c", at: 120, after: second)
        third.rate("r", .integer(70))
        #expect(third.points.map(\.value) == [.double(5)])
    }

    @Test func `values that are not finite and names that are empty are refused`() {
        var sample = sample(of: "c")
        sample.gauge("a", .double(.nan))
        sample.rate("b", .double(.infinity))
        sample.gauge("", .integer(1))
        #expect(sample.points.isEmpty)
        #expect(
            sample.refusals == [
                Refusal(metric: "a", reason: .notFinite), Refusal(metric: "b", reason: .notFinite),
                Refusal(metric: "", reason: .unnamed),
            ])
        #expect(sample.takeRateChanges().isEmpty)
    }

    @Test func `a point's own tags win over the base tags`() {
        var sample = sample(of: "c")
        sample.gauge("a", .integer(1), type: "t", tags: ["host": "other"])
        #expect(sample.points[0].series.tags == ["host": "other", "type": "t"])
    }
}
