import Testing

@testable import PuyPuyBackends

@Suite struct InfluxMessageTests {
    @Test(arguments: [
        (#"{"error":"timeout"}"#, "timeout", true),
        (" { \"error\" : \"a\" }\n", "a", true),
        (
            #"{"error":"a \"b\" \\ \/ \n\t\r\b\f \u00e9 \ud83d\ude00 \u003c"}"#,
            "a \"b\" \\ / \n\t\r\u{8}\u{c} é 😀 <", true
        ),
        (#"{"error":"cut"#, "cut", false), (#"{"error":"cut\"#, "cut", false),
    ]) func `the error text is read without JSON's escapes`(
        body: String, text: String, isWhole: Bool
    ) {
        let message = InfluxMessage(body: Array(body.utf8))
        #expect(message?.text == text)
        #expect(message?.isWhole == isWhole)
    }

    @Test(arguments: [
        "", "{}", "{\"results\":[]}", "<html>", "404 page not found", "{\"error\":5}", "{\"error\"",
    ]) func `another body has no error text`(body: String) {
        #expect(InfluxMessage(body: Array(body.utf8)) == nil)
    }
}
