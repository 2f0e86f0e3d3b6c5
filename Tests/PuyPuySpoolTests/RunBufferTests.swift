import PuyPuyCore
import Testing

@testable import PuyPuySpool

struct RunBufferTests {
    @Test(arguments: [Overflow.dropOldest, .dropNewest])
    func `memory is bounded, and what goes is counted by metric`(policy: Overflow) {
        var buffer = RunBuffer()
        for second in 0..<5_000 {
            buffer.add(
                run(points: 10, at: Int64(second), series: 2), limit: 100, overflow: policy)
        }
        #expect(buffer.points == 100)
        #expect(buffer.uncommittedPoints == 50_000)
        #expect(buffer.runs.count < 2_000)
        let refused = buffer.runs.flatMap(\.refusals)
        #expect(refused.reduce(0) { $0 + $1.count } == 49_900)
        #expect(Set(refused.map(\.metric)) == ["m0", "m1"])
        let times = buffer.runs.flatMap(\.points).map(\.timestampNs)
        switch policy {
        case .dropOldest: #expect(times.max()! / 1_000_000_000 == 4_999)
        case .dropNewest: #expect(times.max()! / 1_000_000_000 < 10)
        }
    }
}
