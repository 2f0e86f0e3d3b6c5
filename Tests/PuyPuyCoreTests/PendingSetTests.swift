import PuyPuyCore
import TestSupport
import Testing

struct PendingSetTests {
    @Test func `confirming the newest leaves the rest as backlog`() {
        var pending = PendingSet(openFirst: 10)
        pending.remove(15...20)
        #expect(pending == PendingSet(backlog: [10...14], openFirst: 21))
        pending.remove(12...12)
        #expect(pending == PendingSet(backlog: [10...11, 13...14], openFirst: 21))
        pending.remove(1...30)
        #expect(pending == PendingSet(openFirst: 31))
    }

    @Test(arguments: 0..<100)
    func `ranges agree with a plain set of numbers`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var pending = PendingSet(openFirst: 1)
        var model = Set<Int64>(1...200)
        for _ in 0..<20 {
            let first = Int64.random(in: 1...150, using: &random)
            let range = first...(first + Int64.random(in: 0...20, using: &random))
            pending.remove(range)
            model.subtract(range)
            for id in Int64(1)...200 { #expect(pending.contains(id) == model.contains(id)) }
            let parts = pending.intersection(40...90)
            #expect(Set(parts.flatMap { Array($0) }) == model.filter { (40...90).contains($0) })
        }
    }
}
