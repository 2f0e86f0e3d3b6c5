import PuyPuyCore
import Testing

@testable import PuyPuyChecks

struct NagiosOutputTests {
    private func output(_ text: String) -> NagiosOutput { NagiosOutput(Array(text.utf8)) }

    @Test func `text and performance data stand around the bar`() throws {
        let read = output(
            "DISK OK - free: 3326 MB | /=2643MB;5948;5958;0;5968 'a b'=5ms reqs=17c;;;0 load=0,42\n"
        )
        #expect(read.text == "DISK OK - free: 3326 MB")
        let mebibyte = 1_048_576.0
        let space = NagiosOutput.Performance(
            label: "/", value: .double(2643 * mebibyte), unit: "B",
            limits: [
                "warn": .double(5948 * mebibyte), "crit": .double(5958 * mebibyte),
                "min": .double(0), "max": .double(5968 * mebibyte),
            ])
        #expect(read.performance.first == space)
        #expect(read.performance.map(\.label) == ["/", "a b", "reqs", "load"])
        #expect(read.performance.map(\.unit) == ["B", "s", "c", ""])
        #expect(read.performance[1].value == .double(0.005))
        #expect(read.performance[2].value == .integer(17))
        #expect(read.performance[2].limits == ["min": .integer(0)])
        #expect(read.performance[3].value == .double(0.42))
    }

    @Test func `a number that is infinite in the common unit is no number`() {
        let large = String(repeating: "9", count: 300)
        let read = output("X | a=\(large)TB;1 b=1TB;1e300")
        #expect(read.unreadable == ["a"])
        #expect(read.performance.map(\.label) == ["b"])
        #expect(read.performance.first?.limits.isEmpty == true)
    }

    @Test func `data goes on behind a bar in a later line`() {
        let read = output("OK | a=1\nmore text\nand more | b=2\nc=3%;10:20;@5\n")
        #expect(read.text == "OK more text and more")
        #expect(read.performance.map(\.label) == ["a", "b", "c"])
        #expect(read.performance[2].limits.isEmpty)
        #expect(read.performance[2].unit == "%")
    }

    @Test func `what is no number is told apart from what is unknown`() {
        let read = output("X | a=U b=abc 'it''s'=1 c d=;1")
        #expect(read.performance.map(\.label) == ["it's"])
        #expect(read.unreadable == ["b", "c", "d"])
    }

    @Test(arguments: ["", "\n", "only text", "| a=1", "a=1 | 'open=2"])
    func `nothing and little are read as they are`(text: String) {
        #expect(output(text).performance.count <= 1)
    }
}
