import TestSupport
import Testing

@testable import PuyPuyBackends

@Suite struct JSONBytesTests {
    static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONBytes.append(text, to: &bytes)
        return bytes
    }

    @Test(arguments: [
        ("", #""""#), ("a b", #""a b""#), (#"a"b\c"#, #""a\"b\\c""#), ("/é😀", #""/é😀""#),
        ("\u{0}\n\u{1f}\u{7f}", "\"\\u0000\\u000a\\u001f\u{7f}\""),
    ]) func `only what must be escaped is`(text: String, json: String) {
        #expect(String(decoding: Self.quoted(text), as: UTF8.self) == json)
    }

    @Test func `any text reads back as itself`() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                let value = UInt32.random(in: 0...0x2FF, using: &generator)
                text.unicodeScalars.append(Unicode.Scalar(value)!)
            }
            #expect(try JSONNode(parsing: Self.quoted(text)).text == text)
            #expect(JSONReader.read(Self.quoted(text))?.value.text == text)
        }
    }
}
