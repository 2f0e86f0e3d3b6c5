import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct ByteTextTests {
    @Test(arguments: [
        ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\n\nb", ["a", "", "b"]),
    ])
    func `a final line feed ends no further line`(text: String, expected: [String]) {
        var lines = ByteLines(bytes(text))
        var found: [String] = []
        while let line = lines.next() { found.append(line.text) }
        #expect(found == expected)
    }

    @Test func `words are what blanks keep apart`() {
        var words = ByteWords(bytes(" \ta  bc\td\r"))
        var found: [String] = []
        while let word = words.next() { found.append(word.text) }
        #expect(found == ["a", "bc", "d"])
        var others = ByteWords(bytes("a b c"))
        #expect(others.next(after: 2)?.text == "c")
        #expect(others.next(after: 0) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("255", 255), ("256", nil), ("", nil), ("-1", nil), ("+1", nil), ("1a", nil),
        ("99999999999999999999", nil),
    ])
    func `numbers are digits that fit`(text: String, number: UInt8?) {
        #expect(UInt8(digits: bytes(text)) == number)
    }

    @Test func `digits go as far as the base`() {
        #expect(Int(digits: bytes("0A"), radix: 16) == 10)
        #expect(Int(digits: bytes("ff"), radix: 16) == 255)
        #expect(Int(digits: bytes("8"), radix: 8) == nil)
    }

    @Test func `a text begins with itself and equals only itself`() {
        #expect(bytes("cpu0").begins(with: "cpu"))
        #expect(!bytes("cp").begins(with: "cpu"))
        #expect(bytes("kB").equals("kB"))
        #expect(!bytes("kBs").equals("kB"))
    }
}
