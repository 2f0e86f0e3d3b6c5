import Testing

@testable import PuyPuyBackends

@Suite struct RetryAfterTests {
    // 1994-11-06 08:49:37 UTC
    static let example: Int64 = 784_111_777

    @Test(arguments: [
        ("120", 120), (" 7 \r\n", 7), ("0", 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 30),
        ("Sun Nov  6 08:49:37 1994", 30),
        ("Sun, 06 Nov 1994 08:49:07 GMT", 0),
        ("Sun, 06 Nov 1994 08:48:00 GMT", 0),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 86_400), ("99999999999999999999", 86_400),
    ]) func `seconds and all three forms of a date are read`(field: String, seconds: Int64) {
        #expect(RetryAfter.parse(field, now: Self.example - 30) == .seconds(seconds))
    }

    @Test(arguments: [
        ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
        ("Thu, 31 Dec 2026 23:59:59 GMT", 1_798_761_599),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 10), ("Friday, 01-Mar-24 00:00:00 GMT", 1_709_251_200),
    ]) func `dates are those of the calendar`(field: String, epoch: Int64) {
        #expect(RetryAfter.parse(field, now: epoch - 5) == .seconds(5))
    }

    @Test(arguments: [
        "", "soon", "-5", "1.5", "Sun, 06 Nov 1994", "Sun, 06 Non 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:00:00 GMT", "32 Jan 2000 00:00:00",
    ]) func `what is neither is no wish`(field: String) {
        #expect(RetryAfter.parse(field, now: Self.example) == nil)
    }
}
