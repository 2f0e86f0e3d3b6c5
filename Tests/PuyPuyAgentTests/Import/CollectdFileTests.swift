import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct CollectdFileTests {
    @Test func `keys, blocks and arguments are read with their lines`() throws {
        let text = """
            # a comment
            Hostname "a \\"b\\" \\\\" # behind
            TypesDB one "two three"

            <Plugin "cpu">
              Report\\
            ByCpu false
              <Node a>
                Port 1
              </Node>
            </plugin>
            """
        let file = try CollectdFile(bytes: Array(text.utf8))
        #expect(file.nodes.map(\.key) == ["hostname", "typesdb", "plugin"])
        #expect(file.nodes.map(\.line) == [2, 3, 5])
        #expect(file.nodes[0].argument == "a \"b\" \\")
        #expect(file.nodes[1].arguments == ["one", "two three"])
        #expect(file.nodes[2].argument == "cpu")
        #expect(file.nodes[2].children.map(\.title) == ["ReportByCpu", "Node"])
        #expect(file.nodes[2].children.map(\.line) == [6, 8])
        #expect(file.nodes[2].children[0].flag == false)
        #expect(file.nodes[2].children[1].text("port") == "1")
    }

    @Test(arguments: [
        ("\nHostname \"a\n", "line 2: a text without its quote"),
        ("<Plugin cpu>\nA 1\n", "line 1: <Plugin> without its </Plugin>"),
        ("<Plugin a>\n<Node b>\n</Plugin>\n", "line 3: </Plugin> where no <Plugin> is open"),
        ("</Plugin>\n", "line 1: </Plugin> where no <Plugin> is open"),
        ("<Plugin cpu\n", "line 1: <Plugin without its >"),
        ("<>\n", "line 1: no key where one is expected"),
        ("[agent]\n", "line 1: no key where one is expected"),
        ("Hostname a\\", "line 1: a backslash, and no line behind it"),
    ])
    func `a mistake is told with its line`(_ text: String, _ words: String) {
        do throws(CollectdFile.Failure) {
            _ = try CollectdFile(bytes: Array(text.utf8))
            Issue.record("it was read")
        } catch {
            #expect(error.description == words)
        }
    }

    @Test func `bytes that are no text, and blocks without an end, are told`() {
        #expect(throws: CollectdFile.Failure(line: 1, message: "not UTF-8")) {
            try CollectdFile(bytes: [0x41, 0x20, 0xE9])
        }
        #expect(throws: CollectdFile.Failure(line: 33, message: "too many blocks in blocks")) {
            try CollectdFile(bytes: Array(String(repeating: "<A>\n", count: 100).utf8))
        }
    }

    @Test(arguments: 0..<8)
    func `damaged text is read or told, and never more`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let whole = Array("A \"b\\\"c\" d # e\n<F \"g\">\n  H i\\\nj\n  <K>\n  </K>\n</F>\n".utf8)
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = "\"<>/\\#\n a".utf8.randomElement(using: &generator)!
            }
            bytes.removeLast(Int.random(in: 0..<20, using: &generator))
            do throws(CollectdFile.Failure) {
                _ = try CollectdFile(bytes: bytes)
            } catch {
                #expect(error.line >= 1 && error.line <= 20)
            }
        }
    }
}
