import PuyPuyCore
import Testing

struct RateTableTests {
    private func moment(_ seconds: Double, wallStep: Int64 = 0, boot: String = "one") -> Moment {
        let ns = Int64(seconds * 1e9)
        return Moment(wallNs: 1_000_000_000_000 + ns + wallStep, bootNs: ns, bootID: boot)
    }

    @Test func `a rate is the increase per second between two readings`() {
        var table = RateTable()
        #expect(table.rate("k", .integer(100), at: moment(10)) == .first)
        #expect(table.rate("k", .integer(350), at: moment(20)) == .result(25))
    }

    @Test func `a delta is the difference`() {
        var table = RateTable()
        #expect(table.delta("k", .double(1.5), at: moment(1)) == .first)
        #expect(table.delta("k", .double(4), at: moment(2)) == .result(2.5))
    }

    @Test func `a counter that went down gives nothing and starts anew`() {
        var table = RateTable()
        _ = table.rate("k", .integer(1000), at: moment(0))
        #expect(table.rate("k", .integer(10), at: moment(10)) == .reset)
        #expect(table.rate("k", .integer(30), at: moment(20)) == .result(2))
    }

    @Test func `no elapsed time gives nothing`() {
        var table = RateTable()
        _ = table.rate("k", .integer(1), at: moment(5))
        #expect(table.rate("k", .integer(9), at: moment(5)) == .noElapsedTime)
    }

    @Test(arguments: ["one", "another"])
    func `times that no clock shows give nothing`(boot: String) {
        var table = RateTable()
        let hostile = Moment(wallNs: .min, bootNs: .min, bootID: boot)
        _ = table.rate("k", .integer(1), at: hostile)
        #expect(table.rate("k", .integer(9), at: moment(5)) == .noElapsedTime)
        #expect(table.rate("k", .integer(10), at: moment(6)) == .result(1))
    }

    @Test(arguments: [-86_400_000_000_000, 3_600_000_000_000 as Int64])
    func `a step of the wall clock bends no rate`(step: Int64) {
        var table = RateTable()
        _ = table.rate("k", .integer(0), at: moment(0))
        #expect(table.rate("k", .integer(100), at: moment(10, wallStep: step)) == .result(10))
    }

    @Test func `across a reboot the wall clock counts`() {
        var table = RateTable()
        _ = table.rate("k", .integer(0), at: moment(1000, boot: "one"))
        let after = Moment(wallNs: 1_000_000_000_000 + 1_100_000_000_000, bootNs: 5, bootID: "two")
        #expect(table.rate("k", .integer(500), at: after) == .result(5))
    }

    @Test func `integers over 2^53 keep their difference`() {
        var table = RateTable()
        let large = Int64(1) << 62
        _ = table.delta("k", .integer(large), at: moment(0))
        #expect(table.delta("k", .integer(large + 3), at: moment(1)) == .result(3))
    }

    @Test func `a table that continues from kept states goes on without a gap`() {
        var before = RateTable()
        _ = before.rate("k", .integer(100), at: moment(0))
        let kept = Dictionary(
            uniqueKeysWithValues: before.takeChanges().map { ($0.key, $0.state) })
        var after = RateTable(states: kept)
        #expect(after.rate("k", .integer(400), at: moment(30)) == .result(10))
        #expect(after.takeChanges().map(\.key) == ["k"])
        #expect(after.takeChanges().isEmpty)
    }
}
