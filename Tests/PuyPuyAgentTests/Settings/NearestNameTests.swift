import Testing

@testable import PuyPuyAgent

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
        ("ab", "", 2), ("tsdtipe", "tsdtype", 1), ("ca", "abc", 3),
    ])
    func `the edit distance counts edits and swaps`(_ left: String, _ right: String, _ edits: Int) {
        #expect(
            NearestName.editDistance(Array(left.unicodeScalars), Array(right.unicodeScalars))
                == edits)
    }

    @Test func `only a close name is suggested`() {
        let names = ["tsdtype", "address", "user"]
        #expect(NearestName.nearest(to: "TSDTIPE", among: names) == "tsdtype")
        #expect(NearestName.nearest(to: "adress", among: names) == "address")
        #expect(NearestName.nearest(to: "uzer", among: names) == "user")
        #expect(NearestName.nearest(to: "precision", among: names) == nil)
        #expect(NearestName.nearest(to: "", among: names) == nil)
        #expect(
            NearestName.nearest(to: String(repeating: "a", count: 10_000), among: names) == nil)
    }
}
