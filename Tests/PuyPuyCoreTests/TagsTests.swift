import PuyPuyCore
import TestSupport
import Testing

struct TagsTests {
    private func pairs(_ pairs: [(String, String)]) -> [(key: String, value: String)] {
        pairs.map { (key: $0.0, value: $0.1) }
    }

    @Test func `tags are sorted by the bytes of their keys, whatever order they come in`() {
        let tags = Tags(pairs([("host", "a"), ("Core", "1"), ("é", "x"), ("b", "2")]))
        #expect(tags.pairs.map(\.key) == ["Core", "b", "host", "é"])
    }

    @Test func `of two tags with one key the later wins`() {
        #expect(Tags(pairs([("a", "1"), ("b", "2"), ("a", "3")])) == ["a": "3", "b": "2"])
        let merged = (["host": "base", "type": "t"] as Tags).merging(["host": "own"])
        #expect(merged == ["host": "own", "type": "t"])
    }

    @Test func `a tag with an empty key or value is left out`() {
        #expect(Tags(pairs([("", "1"), ("b", ""), ("c", "3")])) == ["c": "3"])
    }

    @Test(arguments: 0..<200)
    func `the canonical text reads back as the same tags`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("ab=,\\ \"\n\té😀")
        func word() -> String {
            String(
                (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    alphabet.randomElement(using: &random)!
                })
        }
        let tags = Tags(
            pairs((0..<Int.random(in: 0...5, using: &random)).map { _ in (word(), word()) }))
        #expect(Tags(tags.description) == tags)
    }

    @Test(arguments: ["a", "a=1,b", "a=1\\"])
    func `a text that is not canonical is no tags`(text: String) {
        #expect(Tags(text) == nil)
    }

    @Test func `names that look alike and differ in their bytes are different`() {
        let one = "caf\u{e9}"
        let two = "cafe\u{301}"
        #expect(one == two)
        #expect(Series(metric: one) != Series(metric: two))
        #expect((["k": one] as Tags) != (["k": two] as Tags))
        #expect(Tags([(key: one, value: "v"), (key: two, value: "v")]).pairs.count == 2)
        #expect(Set([Series(metric: one), Series(metric: two), Series(metric: one)]).count == 2)
    }
}
