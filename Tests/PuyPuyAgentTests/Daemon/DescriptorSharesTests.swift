import Testing

@testable import PuyPuyAgent

struct DescriptorSharesTests {
    @Test(arguments: [(64, 1, 8), (128, 6, 16), (256, 16, 32), (1_024, 16, 64), (1 << 20, 16, 64)])
    func `few descriptors are shared out, many are not all used`(
        _ limit: Int, _ runs: Int, _ connections: Int
    ) {
        let shares = DescriptorShares(of: limit)
        #expect(shares.runs == runs)
        #expect(shares.connections == connections)
    }

    @Test func `something is left for everybody, whatever the limit`() {
        for limit in [0, 8, 20, 40] {
            let shares = DescriptorShares(of: limit)
            #expect(shares.runs == 1 && shares.connections >= 4)
        }
    }
}
