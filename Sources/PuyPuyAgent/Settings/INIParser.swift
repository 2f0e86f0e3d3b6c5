/// Reads the lines of an INI file one after the other; ``INIFile`` documents the language.
struct INIParser {
    /// Files of settings have some dozens of lines. Beyond these numbers of errors, sections and keys
    /// it is something else, and reading on would only take time.
    private static let maxErrors = 1_000
    private static let maxSections = 1_000
    private static let maxEntries = 5_000

    private let allowsHeaderless: Bool
    private var sections: [INIFile.Section] = []
    private var errors: [INIFile.SyntaxError] = []
    private var lineNumber = 0
    /// The key that is being read, with the lines of its value so far.
    private var open: OpenEntry?
    /// The indentation of the latest line that was not a continuation.
    private var indentation = 0
    /// Whether the lines belong to a section that is refused (a second one of the same name, one
    /// without its bracket): they are still checked, and not kept.
    private var isSectionRefused = false
    private var hasToldOfMissingHeader = false
    private var entryCount = 0
    /// Whether the rest of the file is not read.
    private var isGivenUp = false

    private struct OpenEntry {
        let key: String
        let line: Int
        var values: [String]
        var continuationLine: Int?
        var isRefused: Bool
    }

    init(allowsHeaderless: Bool) { self.allowsHeaderless = allowsHeaderless }

    /// Reads the next line, without its end.
    mutating func read(_ bytes: ArraySlice<UInt8>) {
        lineNumber += 1
        if isGivenUp { return }
        defer { giveUpIfEndless() }
        let content = INIParser.trimmed(bytes)
        guard let first = content.first else {
            open?.values.append("")
            return
        }
        if first == UInt8(ascii: "#") || first == UInt8(ascii: ";") { return }
        let text = String(decoding: content, as: UTF8.self)
        if !text.utf8.elementsEqual(content) {
            report("not UTF-8", hint: "save the file as UTF-8")
        } else if content.contains(where: { $0 < 0x20 && $0 != UInt8(ascii: "\t") || $0 == 0x7F }) {
            report("a control character in the line", hint: "remove it")
        }
        let lineIndentation = content.startIndex - bytes.startIndex
        if open != nil && lineIndentation > indentation {
            open?.values.append(text)
            if open?.continuationLine == nil { open?.continuationLine = lineNumber }
            return
        }
        indentation = lineIndentation
        if first == UInt8(ascii: "[") {
            readHeader(text)
        } else {
            readKey(content)
        }
    }

    /// What was read, once all lines are.
    mutating func finish() -> ([INIFile.Section], [INIFile.SyntaxError]) {
        closeEntry()
        return (sections, errors.sorted { $0.line < $1.line })
    }

    private mutating func readHeader(_ text: String) {
        closeEntry()
        // Until it is known to be a section of its own, so that no key lands in the one before it.
        isSectionRefused = true
        guard let end = text.utf8.lastIndex(of: UInt8(ascii: "]")) else {
            report("a section without its ]", hint: "a section starts with a line like [TSDB]")
            return
        }
        let name = String(text[text.utf8.index(after: text.startIndex)..<end])
        if name.isEmpty {
            report("a section without a name", hint: "a section starts with a line like [TSDB]")
            return
        }
        if let earlier = sections.first(where: { $0.name == name }) {
            report(
                "stands here and in line \(earlier.line)", section: name,
                hint: "put all keys under one of them")
            return
        }
        isSectionRefused = false
        sections.append(INIFile.Section(name: name, line: lineNumber))
    }

    private mutating func readKey(_ content: ArraySlice<UInt8>) {
        closeEntry()
        if sections.isEmpty && !isSectionRefused {
            if allowsHeaderless {
                sections.append(INIFile.Section(name: "", line: lineNumber))
            } else if !hasToldOfMissingHeader {
                hasToldOfMissingHeader = true
                report(
                    "a key before the first section", hint: "start with a line like [SelfConfig]")
            }
        }
        let delimiter = content.firstIndex {
            $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=")
        }
        guard let delimiter else {
            report("neither a key with a value, nor a section", hint: "write key: value")
            return
        }
        let key = String(decoding: INIParser.trimmed(content[..<delimiter]), as: UTF8.self)
            .lowercased()
        if key.isEmpty {
            report("a value without a key", hint: "write key: value")
            return
        }
        entryCount += 1
        let value = INIParser.trimmed(content[(delimiter + 1)...])
        open = OpenEntry(
            key: key, line: lineNumber, values: [String(decoding: value, as: UTF8.self)],
            isRefused: isSectionRefused)
        if !isSectionRefused, let earlier = sections.last?.entry(key) {
            open?.isRefused = true
            report(
                "stands here and in line \(earlier.line)", key: key,
                hint: "remove one of the two, or comment it out")
        }
    }

    private mutating func closeEntry() {
        guard var entry = open else { return }
        open = nil
        while entry.values.count > 1, entry.values.last == "" { entry.values.removeLast() }
        if entry.isRefused || sections.isEmpty { return }
        sections[sections.count - 1].entries.append(
            INIFile.Entry(
                key: entry.key, value: entry.values.joined(separator: "\n"), line: entry.line,
                continuationLine: entry.continuationLine))
    }

    private mutating func giveUpIfEndless() {
        isGivenUp =
            errors.count >= INIParser.maxErrors || sections.count > INIParser.maxSections
            || entryCount > INIParser.maxEntries
        if isGivenUp {
            report("the rest of the file is not read", hint: "see whether it holds settings at all")
        }
    }

    private mutating func report(
        _ message: String, section: String? = nil, key: String? = nil, hint: String?
    ) {
        errors.append(
            INIFile.SyntaxError(
                line: lineNumber, section: section ?? sections.last?.name ?? "", key: key,
                message: message, hint: hint))
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return bytes[bytes.endIndex...] }
        return bytes[first...last]
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 0x0B || byte == 0x0C
    }
}
