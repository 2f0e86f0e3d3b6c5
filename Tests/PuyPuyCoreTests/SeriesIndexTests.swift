import PuyPuyCore
import TestSupport
import Testing

struct SeriesIndexTests {
    @Test(arguments: 0..<20)
    func `every number has the place that it was given, and no other has one`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var index = SeriesIndex()
        var expected: [SeriesID: Int] = [:]
        for place in 0..<Int.random(in: 0...2_000, using: &random) {
            // Numbers in a row, far apart, and with the same low or high bits.
            let id: SeriesID =
                switch random.next() % 4 {
                case 0: SeriesID(place + 1)
                case 1: Int64.random(in: .min ... .max, using: &random)
                case 2: Int64(place) << 40
                default: Int64.random(in: -50...50, using: &random)
                }
            guard expected[id] == nil else {
                #expect(index.place(of: id) == expected[id])
                continue
            }
            #expect(index.place(of: id) == nil)
            index.insert(id, place: place)
            expected[id] = place
        }
        #expect(index.count == expected.count)
        for (id, place) in expected { #expect(index.place(of: id) == place) }
        index.removeAll()
        #expect(index.count == 0)
        for id in expected.keys { #expect(index.place(of: id) == nil) }
    }
}
