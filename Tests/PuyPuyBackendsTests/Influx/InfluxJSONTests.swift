import Testing

@testable import PuyPuyBackends

@Suite struct InfluxJSONTests {
    @Test(arguments: [
        ("1", false), ("1,", true), ("\"a\\\"b\",", true), ("\"a", false), ("{}", true),
        ("{\"a\":[1,{\"b\":null}],\"c\":\"}\"} ", true), ("[1,2", false), ("true]", true),
        ("", false),
        ("]", false), (":", false),
    ]) func `a value is passed over only whole`(text: String, isWhole: Bool) {
        var json = InfluxJSON(Array(text.utf8))
        let isSkipped = json.skipValue()
        #expect(isSkipped == isWhole)
    }

    @Test func `a number that may go on is not read`() {
        var cut = InfluxJSON(Array("12".utf8))
        let none = cut.integer()
        #expect(none == nil)
        var whole = InfluxJSON(Array(" -12,".utf8))
        let (number, comma) = (whole.integer(), whole.take(","))
        #expect(number == -12)
        #expect(comma)
    }

    @Test func `the message of 2 is found behind other members`() {
        let body = #"{"code":"invalid","op":{"a":["}"]},"message":"why \u003c"}"#
        let message = InfluxMessage(body: Array(body.utf8), key: "message")
        #expect(message?.text == "why <")
        #expect(message?.isWhole == true)
        #expect(InfluxMessage(body: Array(#"{"code":"inv"#.utf8), key: "message") == nil)
    }
}
