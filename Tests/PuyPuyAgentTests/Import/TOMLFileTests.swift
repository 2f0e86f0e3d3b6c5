import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct TOMLFileTests {
    private func value(_ text: String) throws -> TOMLFile.Value? {
        try TOMLFile(bytes: Array("k = \(text)\n".utf8)).tables[0].entries.first?.value
    }

    @Test func `tables, elements and keys stand in the order of the file, with their lines`() throws
    {
        let text = """
            # a comment
            top = 1

            [agent] # and another
              interval = "10s"
            [[inputs.cpu]]
            percpu = true
            [inputs.cpu.tags]
            "a key" = 'x'
            [[inputs.cpu]]
            [inputs.cpu.tags]
            """
        let file = try TOMLFile(bytes: Array(text.utf8))
        #expect(
            file.tables.map(\.path) == [
                [], ["agent"], ["inputs", "cpu"], ["inputs", "cpu", "tags"], ["inputs", "cpu"],
                ["inputs", "cpu", "tags"],
            ])
        #expect(file.tables.map(\.line) == [1, 4, 6, 8, 10, 11])
        #expect(file.tables.map(\.isElement) == [false, false, true, false, true, false])
        #expect(
            file.tables.flatMap(\.entries).map(\.key) == ["top", "interval", "percpu", "a key"])
        #expect(file.tables.flatMap(\.entries).map(\.line) == [2, 5, 7, 9])
    }

    @Test(arguments: [
        (#""a \"b\" \\ \u00e4\t""#, TOMLFile.Value.string("a \"b\" \\ ä\t")),
        (#"'C:\new'"#, .string(#"C:\new"#)), (#""""#, .string("")), ("''", .string("")),
        ("\"\"\"\none\ntwo\\\n   three\"\"\"", .string("one\ntwothree")),
        ("'''\na 'b' \\'''", .string("a 'b' \\")),
        ("12", .integer(12)), ("-1_000", .integer(-1000)), ("+3", .integer(3)),
        ("0.5", .float(0.5)), ("1e3", .float(1000)), ("true", .boolean(true)),
        ("false", .boolean(false)), ("[]", .array([])),
        ("[\"a\", # one\n  \"b\",\n]", .array([.string("a"), .string("b")])),
        ("[[1], [2]]", .array([.array([.integer(1)]), .array([.integer(2)])])),
        (
            "{a = 1, b = 'x'}",
            .table([
                TOMLFile.Entry(key: "a", value: .integer(1), line: 1),
                TOMLFile.Entry(key: "b", value: .string("x"), line: 1),
            ])
        ),
    ])
    func `values of every kind are read`(_ text: String, _ expected: TOMLFile.Value) throws {
        #expect(try value(text) == expected)
    }

    @Test(arguments: [
        ("a = 1\na = 2\n", "line 2: a stands twice"),
        ("[a]\n[b]\n[a]\n", "line 3: [a] stands here and in line 1"),
        ("[[a]]\n[a]\n", "line 2: [a] stands here and in line 1"),
        ("[[a]]\n[a.b]\n[a.b]\n", "line 3: [a.b] stands here and in line 2"),
        ("[a\n", "line 1: a table without its ]"), ("[[a]\n", "line 1: a table without its ]]"),
        ("\n\nk = \"a\n", "line 3: a string without its end"),
        ("k = '''a\n\n", "line 1: a string without its end"),
        ("k = \"\\d\"\n", "line 1: \\d in a string; write \\\\ for a backslash, or use '…'"),
        ("k = \"\\uD800\"\n", "line 1: \\u without the number of a character"),
        ("k = 10s\n", "line 1: 10s is no number, true or false; a text needs quotes"),
        (
            "k = 1979-05-27\n",
            "line 1: 1979-05-27 is no number, true or false; a text needs quotes"
        ),
        ("k = 0x10\n", "line 1: 0x10 is no number, true or false; a text needs quotes"),
        ("k =\n", "line 1: no value where one is expected"),
        ("k\n", "line 1: k has no = behind it"), ("= 1\n", "line 1: no key where one is expected"),
        ("a.b = 1\n", "line 1: dotted keys are not understood"),
        ("k = [1\n\n", "line 3: an array without its ]"),
        ("k = {a = 1\n", "line 1: a table in braces without its }"),
        ("k = 1 2\n", "line 1: more behind a value or a table"),
        ("[SelfConfig]\nlocation: a\n", "line 2: location has no = behind it"),
        ("k = \"a\u{1}\"\n", "line 1: a control character"),
    ])
    func `what is no TOML is told with its line`(_ text: String, _ words: String) {
        #expect(throws: TOMLFile.Failure.self) { try TOMLFile(bytes: Array(text.utf8)) }
        do throws(TOMLFile.Failure) {
            _ = try TOMLFile(bytes: Array(text.utf8))
        } catch {
            #expect(error.description == words)
        }
    }

    @Test func `bytes that are no text are told with their line`() {
        #expect(throws: TOMLFile.Failure(line: 2, message: "not UTF-8")) {
            try TOMLFile(bytes: Array("a = 1\nb = \"".utf8) + [0xE9, 0x22])
        }
        let deep = "k = " + String(repeating: "[", count: 1000)
        #expect(throws: TOMLFile.Failure(line: 1, message: "too many arrays in arrays")) {
            try TOMLFile(bytes: Array(deep.utf8))
        }
    }

    @Test(arguments: 0..<8)
    func `damaged text is read or told, and never more`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let whole = Array(
            "[a]\nk = \"x\\u00e4\" # c\nl = ['b', \"\"\"c\"\"\", {d = 1.5}]\n[[e.f]]\n".utf8)
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = "\"'[]{}=.,#\n\\u0 -".utf8.randomElement(using: &generator)!
            }
            bytes.removeLast(Int.random(in: 0..<20, using: &generator))
            do throws(TOMLFile.Failure) {
                _ = try TOMLFile(bytes: bytes)
            } catch {
                #expect(error.line >= 1 && error.line <= 20)
            }
        }
    }
}
