import PuyPuyCore
import Testing

@Suite struct JSONValueTests {
    @Test func `every kind of value is read`() throws {
        let text = #" {"a": [1, -2.5e+3, true, false, null, "x"], "b": {}, "c": [], "a": 7} "#
        let value = try #require(JSONValue(text.utf8))
        #expect(value["a"]?.integer == 7)
        #expect(value["b"] == .object([:]) && value["c"] == .array([]))
        let array = try #require(JSONValue(#"[1, -2.5e+3, true, false, null, "x"]"#.utf8)?.array)
        #expect(array[0].integer == 1 && array[1].double == -2500)
        #expect(array[2].flag == true && array[3].flag == false && array[4] == .null)
        #expect(array[5].string == "x")
    }

    @Test func `no digit of a large number is lost`() {
        #expect(JSONValue("1795477829123456789".utf8)?.integer == 1_795_477_829_123_456_789)
    }

    @Test(arguments: [
        #""\u00e9\ud83d\ude00\n\t\/\\\"\b\f\r""#: "é😀\n\t/\\\"\u{8}\u{C}\r", #""日本""#: "日本",
    ])
    func `escapes are read`(_ text: String, _ expected: String) {
        #expect(JSONValue(text.utf8)?.string == expected)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "nul", "'a'", "\"a", "\"\u{1}\"",
        "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "1 2", "{a:1}", "NaN", "-",
        String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
    ])
    func `what is not JSON is refused`(_ text: String) { #expect(JSONValue(text.utf8) == nil) }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(JSONValue([0x22, 0xFF, 0x22]) == nil)
    }

    @Test(arguments: ["plain", "\"\\\n\t\r\u{1}", "é😀日", ""])
    func `what is written reads back the same`(_ text: String) {
        let written = JSONText.object([(text, JSONText.array([JSONText.string(text)]))])
        #expect(JSONValue(written.utf8) == .object([text: .array([.string(text)])]))
    }
}
