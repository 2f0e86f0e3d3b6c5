import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct MetricLineTests {
    private func parse(_ line: String) throws(MetricLine.Problem) -> MetricLine? {
        try MetricLine.parse(bytes(line))
    }

    @Test func `each field is a point, value under the name alone`() throws {
        let line = try #require(
            try parse("orders,shop=a,type=t value=3i,seconds=0.5,count=2 1700000000000000001\r"))
        #expect(
            line.fields == [
                .init(metric: "orders", value: .integer(3)),
                .init(metric: "orders_seconds", value: .double(0.5)),
                .init(metric: "orders_count", value: .double(2)),
            ])
        #expect(line.type == "t")
        #expect(line.tags == ["shop": "a"])
        #expect(line.timestampNs == 1_700_000_000_000_000_001)
    }

    @Test func `names and tags may hold what a backslash goes before`() throws {
        let line = try #require(try parse(#"a\ b\,c,k\=1=v\ 2,w=x\y value=1"#))
        #expect(line.fields.map(\.metric) == ["a b,c"])
        #expect(line.tags == ["k=1": "v 2", "w": #"x\y"#])
        #expect(line.type == "untyped")
        #expect(line.timestampNs == nil)
    }

    @Test func `text and truth values are no numbers`() throws {
        let line = try #require(try parse(#"m a="x, y=1",b=true,c=1,d=NaN,e=5u"#))
        #expect(line.refused == ["m_a", "m_b"])
        #expect(line.fields.map(\.metric) == ["m_c", "m_d", "m_e"])
    }

    @Test(arguments: ["", " ", "# a comment", "\r"])
    func `blank lines and comments are nothing`(line: String) throws {
        #expect(try parse(line) == nil)
    }

    @Test(arguments: [
        ("m", "it has no value"), (",a=b v=1", "it has no name"),
        ("m,a v=1", "\"a\" is not tag=text"), ("m v", "\"v\" is not field=number"),
        ("m v=1 soon", "\"soon\" is not a time in nanoseconds"),
        ("m v=1 1 2", "it has more than three parts"),
    ])
    func `what cannot be read says why`(line: String, words: String) {
        let problem = #expect(throws: MetricLine.Problem.self) { try parse(line) }
        #expect(problem?.words == words)
    }
}
