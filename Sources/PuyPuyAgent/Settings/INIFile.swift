/// One INI file as Python 3's `configparser.RawConfigParser` reads it, with the line of every key.
///
/// - `[Section]` starts a section; its name is case-sensitive, what follows the `]` is ignored.
/// - `key: value` and `key = value` are the same; the first `:` or `=` ends the key. Keys are
///   case-insensitive and kept in lower case.
/// - A line that starts with `#` or `;`, indented or not, is a comment. A comment does not start
///   within a line: `;` and `#` belong to the value, since addresses and passwords hold them. (The
///   parser of Python 2 took ` ;` for a comment. No file that Python 3 reads relies on that.)
/// - A line indented deeper than its key continues the value; the lines are joined by a newline.
/// - A byte order mark, and lines that end in CRLF or CR, are understood.
/// - A section or a key that stands twice is an error, as in Python 3: which one counts is
///   otherwise a matter of luck.
///
/// Parsing never stops at an error: ``errors`` has all of them, in line order.
struct INIFile: Sendable, Hashable {
    /// A value and where it stands.
    struct Entry: Sendable, Hashable {
        /// The key, in lower case.
        let key: String
        /// The value without white space around it; lines of a continued value are joined by `\n`.
        let value: String
        /// The line of the key, from 1.
        let line: Int
        /// The line that continues the value, when one does.
        let continuationLine: Int?
    }

    /// A section and where it starts.
    struct Section: Sendable, Hashable {
        /// The name between the brackets; empty for keys before the first section.
        let name: String
        /// The line of the header, from 1.
        let line: Int
        /// The keys in the order of the file, each once.
        var entries: [Entry] = []

        /// The entry under `key` (lower case).
        func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }
    }

    /// A line that is not INI.
    struct SyntaxError: Sendable, Hashable {
        /// The line, from 1.
        let line: Int
        /// The section that the line stands in; empty before the first one.
        let section: String
        /// The key that it is about, if any.
        let key: String?
        /// What is wrong with it.
        let message: String
        /// What the operator can do, if there is something to say.
        let hint: String?
    }

    /// The sections in the order of the file, each once.
    private(set) var sections: [Section] = []
    /// Everything wrong with the file, in line order.
    private(set) var errors: [SyntaxError] = []

    /// The section called `name`.
    func section(_ name: String) -> Section? { sections.first { $0.name == name } }

    /// Parses `text`, one file.
    ///
    /// With `allowsHeaderless`, keys may stand before the first section and form the section with
    /// the empty name, as in the files of `checks_enabled`. Without it they are errors.
    init(_ text: String, allowsHeaderless: Bool = false) {
        self.init(bytes: Array(text.utf8), allowsHeaderless: allowsHeaderless)
    }

    /// Parses the bytes of one file; see ``init(_:allowsHeaderless:)``. Bytes that are not UTF-8
    /// are errors of their line; UTF-16 is one error, since no line of it could be read.
    init(bytes: [UInt8], allowsHeaderless: Bool = false) {
        if INIFile.isUTF16(bytes) {
            errors = [
                SyntaxError(
                    line: 1, section: "", key: nil, message: "the file is UTF-16",
                    hint: "save the file as UTF-8")
            ]
            return
        }
        var parser = INIParser(allowsHeaderless: allowsHeaderless)
        for line in INILines(bytes) { parser.read(line) }
        (sections, errors) = parser.finish()
    }
}

extension INIFile {
    /// Whether `bytes` are the UTF-16 of some editors on Windows: they begin with its byte order mark,
    /// or with a character of which one byte is zero.
    private static func isUTF16(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2 else { return false }
        let start = (bytes[0], bytes[1])
        return start == (0xFF, 0xFE) || start == (0xFE, 0xFF) || (start.0 == 0) != (start.1 == 0)
    }
}

/// The lines of a file, whatever ends them; without a byte order mark at the start.
private struct INILines: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>
    private var isFinished = false

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    }

    mutating func next() -> ArraySlice<UInt8>? {
        if isFinished { return nil }
        guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\n") || $0 == 0x0D }) else {
            isFinished = true
            return rest
        }
        let line = rest[..<end]
        var following = rest.index(after: end)
        if rest[end] == 0x0D, following < rest.endIndex, rest[following] == UInt8(ascii: "\n") {
            following = rest.index(after: following)
        }
        rest = rest[following...]
        return line
    }
}
