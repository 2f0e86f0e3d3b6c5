import Testing

@testable import PuyPuyBackends

@Suite struct JSONReaderTests {
    static func read(_ text: String) -> (value: JSONValue, isWhole: Bool)? {
        JSONReader.read(Array(text.utf8))
    }

    @Test func `a value is read with all of its parts`() {
        let read = Self.read(
            #" {"a":[1,-0.5e-10,true,false,null,{}],"b":"\u00e9\ud83d\ude00\n\"\\\/","c":[]} "#)
        #expect(read?.isWhole == true)
        #expect(
            read?.value["a"]
                == .array([
                    .number("1"), .number("-0.5e-10"), .bool(true), .bool(false), .null,
                    .object([]),
                ]))
        #expect(read?.value["b"]?.text == "é😀\n\"\\/")
        #expect(read?.value["c"]?.elements == [])
        #expect(read?.value["d"] == nil)
        #expect(Self.read("12")?.value.integer == 12)
        #expect(Self.read("1.5")?.value.integer == nil)
    }

    @Test(arguments: [
        "", " ", "<html>", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", ".5", "+1",
        "NaN", "\"a", "\"\n\"", "[] []", "[\"\\x\"]", "[\"\\u12g4\"]", "[-]", "[trux]", "404 page",
    ]) func `what is no JSON is nothing`(text: String) {
        #expect(Self.read(text) == nil)
    }

    @Test func `of a text that was cut, what came before is there`() {
        let whole = #"{"errors":["one","two \u00e9",{"a":[12,34]},true],"failed":25}"#
        for length in 1..<whole.utf8.count {
            let read = JSONReader.read(Array(whole.utf8.prefix(length)))
            #expect(read?.isWhole == false, "\(length)")
            let errors = read?.value["errors"]?.elements ?? []
            #expect(errors.count <= 4)
            if let first = errors.first { #expect(first.text == "one") }
            if errors.count > 1 { #expect(errors[1].text == "two é") }
            #expect(read?.value["failed"] == nil)
        }
        #expect(Self.read(whole)?.isWhole == true)
    }

    @Test func `what nests too deep is nothing`() {
        #expect(Self.read(String(repeating: "[", count: 100_000)) == nil)
    }
}
