import Testing

@testable import PuyPuyChecks

struct CommandLineTests {
    @Test(.timeLimit(.minutes(10))) func `a word of a million characters is one`() throws {
        let long = String(repeating: "a", count: 1_000_000)
        #expect(try CommandLine("x '\(long)' \(long)").words == ["x", long, long])
    }

    @Test(arguments: [
        ("", []), ("  ", []), ("/bin/check -w 5", ["/bin/check", "-w", "5"]),
        ("'\u{200D}a b'", ["\u{200D}a b"]), ("a\t b", ["a", "b"]),
        ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        ("a''b \"\"", ["ab", ""]), (#"a\ b c\\d"#, ["a b", #"c\d"#]),
        (#"'a\b' "c\"d\e""#, [#"a\b"#, #"c"d\e"#]),
        (
            "; rm -rf $HOME `id` | x > y * ?",
            [";", "rm", "-rf", "$HOME", "`id`", "|", "x", ">", "y", "*", "?"]
        ),
    ])
    func `words are split as a shell would, and nothing is expanded`(
        text: String, words: [String]
    ) throws {
        #expect(try CommandLine(text).words == words)
    }

    @Test(arguments: ["'a", "a \"b", "\"a'"])
    func `a quote without its end is refused`(text: String) {
        #expect(throws: CommandLine.Problem.openQuote) { try CommandLine(text) }
    }
}
