import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct ScriptLineTests {
    private func parse(_ text: String) throws(ScriptLine.Problem) -> ScriptLine? {
        try ScriptLine.parse(bytes(text))
    }

    @Test(arguments: [
        ("a 1 t stack", ScriptLine.Style.gauge), ("a 1 t gauge", .gauge), ("a 1 t GAUGE", .gauge),
        ("a 1 t rate", .rate), ("a 1 t Counter", .rate), ("a 1 t delta", .delta),
        ("\ta  1\t \tt   rate \r", .rate),
    ])
    func `styles are read in any case and between any blanks`(
        text: String, style: ScriptLine.Style
    ) throws {
        let line = try #require(try parse(text))
        #expect(
            line
                == ScriptLine(
                    metric: "a", value: .integer(1), checkType: "t", style: style, tags: .none))
    }

    @Test func `a missing style is gauge and a missing type untyped`() throws {
        #expect(try parse("a 1")?.checkType == "untyped")
        #expect(try parse("a 1")?.style == .gauge)
        #expect(try parse("a 1 t k=v")?.checkType == "t")
        #expect(try parse("a 1 k=v")?.tags == ["k": "v"])
    }

    @Test func `further words are tags`() throws {
        let line = try parse("a 1 t stack disk=sda expr=a=b")
        #expect(line?.tags == ["disk": "sda", "expr": "a=b"])
    }

    @Test(arguments: [
        ("1", Value.integer(1)), ("-7", .integer(-7)), ("+7", .integer(7)), ("1.5", .double(1.5)),
        ("1e3", .double(1000)), ("1.0", .double(1)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)), (".5", .double(0.5)),
    ])
    func `numbers keep their kind`(text: String, value: Value) throws {
        #expect(try parse("a \(text) t stack")?.value == value)
    }

    @Test(arguments: [
        ("a", RefusalReason.unreadable, "there is no value"),
        ("a x t stack", .unreadable, "\"x\" is not a number"),
        ("a 0x10 t stack", .unreadable, "\"0x10\" is not a number"),
        ("a 1_000 t stack", .unreadable, "\"1_000\" is not a number"),
        ("a nan t stack", .notFinite, "the value is not finite"),
        ("a inf t stack", .notFinite, "the value is not finite"),
        ("a 1e999 t stack", .notFinite, "the value is not finite"),
        ("a 1 t wrong", .unreadable, "\"wrong\" is not stack, gauge, rate, counter or delta"),
        ("a 1 t stack k=", .unreadable, "\"k=\" is not key=value"),
        ("a 1 t stack =v", .unreadable, "\"=v\" is not key=value"),
        ("a 1 t stack word", .unreadable, "\"word\" is not key=value"),
        ("a 1 t stack k=\u{1}", .unreadable, "a word is not text"),
    ])
    func `a bad line says what is wrong`(text: String, reason: RefusalReason, words: String) {
        let error = #expect(throws: ScriptLine.Problem.self) { try parse(text) }
        #expect(error == ScriptLine.Problem(metric: "a", reason: reason, words: words))
    }

    @Test func `bytes that are no text are refused`() {
        #expect(throws: ScriptLine.Problem.self) { try ScriptLine.parse([0xff, 0x20, 0x31]) }
        #expect(throws: ScriptLine.Problem.self) { try ScriptLine.parse([0x61, 0x20, 0xff]) }
    }

    @Test(arguments: ["", " \t ", "\r"])
    func `a blank line is nothing`(text: String) throws {
        #expect(try parse(text) == nil)
    }

    @Test func `any bytes are read without a crash`() {
        var seed: UInt64 = 42
        func next() -> UInt64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return seed >> 33
        }
        let alphabet: [UInt8] = Array("a1 .=-+e\t\r".utf8) + [0, 0x80, 0xff]
        for _ in 0..<20_000 {
            let line = (0..<Int(next() % 24)).map { _ in
                alphabet[Int(next() % UInt64(alphabet.count))]
            }
            let read = try? ScriptLine.parse(line[...])
            if let read { #expect(!read.metric.isEmpty && read.value.isFinite) }
        }
    }
}
