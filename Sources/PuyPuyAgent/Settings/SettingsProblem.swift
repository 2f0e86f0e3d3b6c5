/// Something that the configuration says and PuyPuy cannot do as it stands, or no longer does.
public struct SettingsProblem: Sendable, Hashable, Error {
    /// How much it matters.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        /// The configuration cannot be used.
        case error
        /// It can be used, and probably does not do what was meant.
        case warning
        /// A key or a section that has no effect (any more).
        case notice
    }

    /// How much it matters.
    public var severity: Severity
    /// The file, as it was named on the command line or found; empty when no file is at fault.
    public var file: String
    /// The line, from 1; `nil` when the problem is what the file lacks.
    public var line: Int?
    /// The section, without its brackets; empty without one.
    public var section: String
    /// The key, in lower case.
    public var key: String?
    /// What was found; `nil` when there was nothing, or it is a secret.
    public var found: String?
    /// What is wrong: a clause that reads well after a colon.
    public var message: String
    /// What was expected instead.
    public var expected: String?
    /// What the operator can do.
    public var hint: String?

    /// A problem with the configuration.
    public init(
        _ severity: Severity, file: String, line: Int? = nil, section: String = "",
        key: String? = nil, found: String? = nil, message: String, expected: String? = nil,
        hint: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.section = section
        self.key = key
        self.found = found
        self.message = message
        self.expected = expected
        self.hint = hint
    }
}

/// One line for people, as a compiler writes it:
/// `config.ini:12: [TSDB] tsdtipe: unknown key; did you mean tsdtype?`. Warnings and notices say so
/// after the line number. Control characters that the file holds are shown as escapes.
extension SettingsProblem: CustomStringConvertible {
    /// One line for people.
    public var description: String {
        var text = ""
        if !file.isEmpty { text += file + ":" + (line.map { "\($0):" } ?? "") + " " }
        if severity != .error { text += severity.rawValue + ": " }
        if !section.isEmpty { text += "[\(section)] " }
        if let key { text += key + ": " }
        if let found { text += "\"\(found)\": " }
        text += message
        if let expected { text += "; expected " + expected }
        if let hint { text += "; " + hint }
        return LogLine.escapingControls(text)
    }
}

extension [SettingsProblem] {
    /// The problems as text, one line each, in the order of files and lines.
    public var lines: [String] { map(\.description) }

    /// Whether one of them is an error.
    public var hasErrors: Bool { contains { $0.severity == .error } }
}
