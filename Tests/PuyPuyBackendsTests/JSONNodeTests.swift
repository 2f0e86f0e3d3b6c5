import TestSupport
import Testing

@Suite struct JSONNodeTests {
    @Test func `a value is read with all of its parts`() throws {
        let node = try JSONNode(
            parsing: Array(
                #" { "a" : [1, -2.5e+10, true, false, null], "b\n\u00e9\ud83d\ude00":"" }"#.utf8))
        #expect(
            node["a"]
                == .array([.number("1"), .number("-2.5e+10"), .bool(true), .bool(false), .null]))
        #expect(node["b\né😀"]?.text == "")
    }

    @Test(arguments: [
        "", "[1,]", "[1 2]", "{\"a\"}", "{a:1}", "01", "1.", ".5", "+1", "1e", "NaN", "\"a",
        "\"\n\"",
        "[] []", "\"\\x\"", "\"\\u12\"", "-",
    ]) func `what is no JSON is refused`(text: String) {
        #expect(throws: TestSupportError.self) { try JSONNode(parsing: Array(text.utf8)) }
    }

    @Test func `a quoted text reads back as itself`() throws {
        let text = "a\"b\\c\u{0}\u{1f}é😀"
        #expect(try JSONNode(parsing: Array(JSONNode.quoted(text).utf8)).text == text)
    }
}
