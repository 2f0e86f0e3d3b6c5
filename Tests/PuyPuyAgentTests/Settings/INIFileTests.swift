import TestSupport
import Testing

@testable import PuyPuyAgent

@Suite struct INIFileTests {
    private func value(_ text: String, _ section: String, _ key: String) -> String? {
        INIFile(text).section(section)?.entry(key)?.value
    }

    @Test(arguments: [
        "k: v", "k = v", "k=v", "k:v", "k : v", "K: v", "  k: v  ", "\tk:\tv", "k: v\r", "k: v\n\n",
    ])
    func `colons, equal signs, case and white space make no difference`(_ line: String) {
        let file = INIFile("[s]\n" + line)
        #expect(file.errors == [])
        #expect(file.section("s")?.entries.map(\.key) == ["k"])
        #expect(file.section("s")?.entry("k")?.value == "v")
    }

    @Test func `the first delimiter ends the key`() {
        #expect(value("[s]\na: b=c", "s", "a") == "b=c")
        #expect(value("[s]\na = http://h:1/x", "s", "a") == "http://h:1/x")
        #expect(value("[s]\ntwo words: v", "s", "two words") == "v")
    }

    @Test func `comments are lines of their own, indented or not`() {
        let file = INIFile("# a\n; b\n[s]\n  ; c\n\t# d\nk: v ; w # x\n")
        #expect(file.errors == [])
        #expect(file.section("s")?.entries.map(\.value) == ["v ; w # x"])
    }

    @Test func `deeper lines continue a value, comments and empty lines within do not end it`() {
        let text = "[s]\nk: one\n  two\n# comment\n\n    three\n\nother: v\n"
        #expect(value(text, "s", "k") == "one\ntwo\n\nthree")
        #expect(value(text, "s", "other") == "v")
        #expect(INIFile(text).section("s")?.entry("k")?.continuationLine == 3)
        #expect(INIFile(text).section("s")?.entry("other")?.continuationLine == nil)
    }

    @Test func `an indented key after a section is a key`() {
        #expect(value("[s]\n  a: 1\n  b: 2", "s", "b") == "2")
    }

    @Test func `sections are case-sensitive, and what follows the bracket is ignored`() {
        let file = INIFile("[TSDB] ; the database\nk: 1\n[tsdb]\nk: 2\n[Load Average]\nk: 3")
        #expect(file.errors == [])
        #expect(file.sections.map(\.name) == ["TSDB", "tsdb", "Load Average"])
        #expect(file.sections.map(\.line) == [1, 3, 5])
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `every kind of line end counts lines alike`(_ end: String) {
        let text = ["\u{FEFF}[s]", "a: 1", "", "b: 2", "b: 3"].joined(separator: end)
        let file = INIFile(text)
        #expect(file.section("s")?.entries.map(\.line) == [2, 4])
        #expect(
            file.errors == [
                INIFile.SyntaxError(
                    line: 5, section: "s", key: "b", message: "stands here and in line 4",
                    hint: "remove one of the two, or comment it out")
            ])
    }

    @Test(arguments: [
        [0xFF, 0xFE, 0x5B, 0x00, 0x0A, 0x00], [0xFE, 0xFF, 0x00, 0x5B, 0x00, 0x0A],
        [0x5B, 0x00, 0x0A, 0x00], [0x00, 0x5B, 0x00, 0x0A],
    ])
    func `UTF-16 is one error, with a byte order mark and without`(_ bytes: [UInt8]) {
        let file = INIFile(bytes: bytes)
        #expect(file.sections == [])
        #expect(file.errors.map(\.message) == ["the file is UTF-16"])
    }

    @Test func `a section that stands twice is named with both lines`() {
        let error = INIFile("[a]\n[b]\n[a]\n").errors.first
        #expect(error?.section == "a")
        #expect(error?.line == 3)
        #expect(error?.message == "stands here and in line 1")
    }

    @Test func `every error is found, and what is right is kept`() {
        let file = INIFile("x: 1\n[a]\nnonsense\nk: 1\n: v\n[a]\nk: 2\nz: 1\n[b\nk: 3\n[]\n")
        #expect(file.errors.map(\.line) == [1, 3, 5, 6, 9, 11])
        #expect(file.sections.map(\.name) == ["a"])
        #expect(file.sections[0].entries.map(\.key) == ["k"])
        #expect(file.sections[0].entry("k")?.value == "1")
    }

    @Test func `keys without a section are taken where they are allowed`() {
        let file = INIFile("interval: 5\n[redis]\nport: 1\n", allowsHeaderless: true)
        #expect(file.errors == [])
        #expect(file.sections.map(\.name) == ["", "redis"])
        #expect(INIFile("", allowsHeaderless: true).errors == [])
    }

    @Test func `bytes that are not UTF-8 and control characters are errors of their line`() {
        let file = INIFile(bytes: Array("[s]\na: ".utf8) + [0xFF, 0x0A] + Array("b: \u{0}".utf8))
        #expect(file.errors.map(\.line) == [2, 3])
        #expect(file.errors.map(\.message) == ["not UTF-8", "a control character in the line"])
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["[s#]\n", "k#: 1\n", "nonsense#\n"])
    func `a file without end is given up, with the line where`(_ line: String) {
        let lines = (0..<100_000).map { line.replacing("#", with: "\($0)") }
        let file = INIFile("[first]\n" + lines.joined())
        #expect(file.errors.last?.message == "the rest of the file is not read")
        #expect(file.errors.count <= 1_001)
        #expect((file.errors.last?.line ?? 0) < 6_000)
        #expect(file.sections.count <= 1_001)
        #expect(file.sections.reduce(0) { $0 + $1.entries.count } <= 5_001)
    }

    @Test func `the first character of a section's name may be a combining one`() {
        #expect(
            INIFile("[\u{301}a]\n").sections.map { Array($0.name.utf8) } == [[0xCC, 0x81, 0x61]])
    }

    @Test(arguments: 0..<40)
    func `no bytes make it fail, and every entry has a line of the file`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet: [[UInt8]] =
            ["[", "]", ":", "=", "#", ";", "\n", "\r", " ", "\t", "k", "é", "[s]\n", "a: b\n"]
            .map { Array($0.utf8) } + [[0xFF], [0xEF, 0xBB, 0xBF], [0], [0xC3]]
        for _ in 0..<50 {
            let count = Int.random(in: 0..<200, using: &generator)
            let bytes = (0..<count).flatMap { _ in alphabet.randomElement(using: &generator)! }
            let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
            for allowsHeaderless in [false, true] {
                let file = INIFile(bytes: bytes, allowsHeaderless: allowsHeaderless)
                let numbers =
                    file.sections.flatMap { $0.entries.map(\.line) } + file.errors.map(\.line)
                #expect(numbers.allSatisfy { (1...lines).contains($0) })
                #expect(Set(file.sections.map(\.name)).count == file.sections.count)
                for section in file.sections {
                    #expect(Set(section.entries.map(\.key)).count == section.entries.count)
                }
            }
        }
    }
}
