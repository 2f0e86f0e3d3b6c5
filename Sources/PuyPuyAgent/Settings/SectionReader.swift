/// Reads the keys of one section by their forms.
///
/// Every reading method returns a usable value: the one that stands there, else the default. What
/// cannot be used goes to ``problems``, and what is in effect to ``effective``.
struct SectionReader {
    /// What reading a value takes from outside of the files.
    struct Surroundings {
        /// The folder that relative paths are relative to, absolute.
        var folder: String
        /// The variables of the environment.
        var environment: (String) -> String?
    }

    /// The section as people see it, without its brackets.
    let title: String
    /// The file that a missing key would stand in.
    let file: String
    /// The keys that stand there.
    let entries: [SettingsDocument.Entry]
    let surroundings: Surroundings
    private(set) var problems: [SettingsProblem] = []
    private(set) var effective: [EffectiveSetting] = []

    init(
        title: String, file: String, entries: [SettingsDocument.Entry], surroundings: Surroundings
    ) {
        self.title = title
        self.file = file
        self.entries = entries
        self.surroundings = surroundings
    }

    /// The entry of `key`, if it stands there.
    func entry(_ key: SettingKey) -> SettingsDocument.Entry? {
        entries.first { $0.key == key.name }
    }

    /// Whether `key` stands there with something behind it.
    func isSet(_ key: SettingKey) -> Bool { entry(key)?.value.isEmpty == false }

    mutating func text(_ key: SettingKey) -> String {
        value(key, parse: { $0 }, show: { $0 })
    }

    mutating func flag(_ key: SettingKey) -> Bool {
        value(key, parse: SettingForm.flag, show: { $0 ? "yes" : "no" })
    }

    /// A flag that may be left out.
    mutating func optionalFlag(_ key: SettingKey) -> Bool? {
        value(
            key, parse: { $0.isEmpty ? .some(nil) : SettingForm.flag($0).map { .some($0) } },
            show: { $0.map { $0 ? "yes" : "no" } ?? "" })
    }

    mutating func whole(_ key: SettingKey) -> Int {
        guard case .whole(let range) = key.form else { preconditionFailure("\(key.name): form") }
        return value(
            key, parse: { Int($0).flatMap { range.contains($0) ? $0 : nil } }, show: { "\($0)" })
    }

    /// A time, of keys counted in seconds as well as in hours.
    mutating func duration(_ key: SettingKey) -> Duration {
        let (unit, range) = SectionReader.unit(of: key)
        return value(
            key, parse: { SettingForm.duration($0, unitSeconds: unit, range: range) },
            show: { SettingForm.text($0, unitSeconds: unit) })
    }

    /// A time that may be left out; then it is `other`.
    mutating func duration(_ key: SettingKey, otherwise other: Duration) -> Duration {
        let (unit, range) = SectionReader.unit(of: key)
        return value(
            key,
            parse: {
                $0.isEmpty ? other : SettingForm.duration($0, unitSeconds: unit, range: range)
            },
            show: { SettingForm.text($0, unitSeconds: unit) })
    }

    mutating func choice<Word: RawRepresentable & CaseIterable>(
        _ key: SettingKey, as: Word.Type = Word.self
    ) -> Word where Word.RawValue == String {
        value(
            key,
            parse: { text in Word.allCases.first { $0.rawValue == text.lowercased() } },
            show: \.rawValue)
    }

    /// A word that may be left out; then it is `other`.
    mutating func choice<Word: RawRepresentable & CaseIterable>(
        _ key: SettingKey, otherwise other: Word
    ) -> Word where Word.RawValue == String {
        value(
            key,
            parse: { text in
                text.isEmpty ? other : Word.allCases.first { $0.rawValue == text.lowercased() }
            },
            show: \.rawValue)
    }

    /// An absolute path; `nil` when the key is empty or left out without a default.
    mutating func path(_ key: SettingKey) -> String? {
        let folder = surroundings.folder
        return value(
            key,
            parse: { text -> String?? in
                .some(text.isEmpty ? nil : SettingsFolder.absolute(text, in: folder))
            },
            show: { $0 ?? "" })
    }

    /// An absolute path of a key that must not be empty.
    mutating func requiredPath(_ key: SettingKey) -> String {
        let folder = surroundings.folder
        return value(
            key,
            parse: { $0.isEmpty ? nil : SettingsFolder.absolute($0, in: folder) }, show: { $0 })
    }

    /// Reports a problem with `key`, at its line when it stands there.
    mutating func report(
        _ severity: SettingsProblem.Severity, _ key: SettingKey, found: String? = nil,
        _ message: String, expected: String? = nil, hint: String? = nil
    ) {
        let entry = entry(key)
        problems.append(
            SettingsProblem(
                severity, file: entry?.file ?? file, line: entry?.line,
                section: entry?.section ?? title, key: key.name,
                found: key.isSecret ? nil : found.map(SecretText.maskingCredentials),
                message: message, expected: expected, hint: hint))
    }

    /// Adds problems that were found elsewhere.
    mutating func report(_ others: [SettingsProblem]) { problems += others }

    /// Adds a setting that was read elsewhere.
    mutating func record(_ key: String, text: String, entry: SettingsDocument.Entry?) {
        effective.append(
            EffectiveSetting(
                section: title, key: key, text: text,
                source: entry.map { .file($0.file, line: $0.line) } ?? .defaulted))
    }

    /// The text of an entry with its variables put in; `nil`, and reported, when that fails.
    mutating func expanded(_ entry: SettingsDocument.Entry) -> String? {
        do {
            return try ValueExpansion.expand(entry.value, environment: surroundings.environment)
        } catch {
            problems.append(
                SettingsProblem(
                    .error, file: entry.file, line: entry.line, section: entry.section,
                    key: entry.key, message: error.message, hint: error.hint))
            return nil
        }
    }

    private mutating func value<Value>(
        _ key: SettingKey, parse: (String) -> Value?, show: (Value) -> String
    ) -> Value {
        let entry = entry(key)
        let parsed = entry.flatMap { usableText($0, of: key) }.flatMap { text -> Value? in
            let value = parse(text)
            if value == nil { refuse(key, text) }
            return value
        }
        guard let value = parsed ?? parse(key.defaultText) else {
            preconditionFailure("\(key.name): the default is not of its form")
        }
        let shown = show(value)
        record(
            key.name,
            text: key.isSecret && !shown.isEmpty
                ? SecretText.mask : SecretText.maskingCredentials(shown),
            entry: entry)
        return value
    }

    private mutating func usableText(
        _ entry: SettingsDocument.Entry, of key: SettingKey
    ) -> String? {
        if let line = entry.continuationLine {
            report(
                .error, key, "the value goes on in line \(line), which is indented",
                hint: "indent no line more than the one before it")
            return nil
        }
        guard let text = expanded(entry) else { return nil }
        if key.isSecret && entry.isReadableByOthers && !text.isEmpty && text == entry.value {
            report(
                .warning, key, "a secret in a file that every user of the host may read",
                hint: "chmod o-r \(entry.file)")
        }
        if key.form == .text && !key.isSecret && SectionReader.holdsComment(text) {
            report(
                .warning, key, found: text, "what looks like a comment is part of the value",
                hint: "a comment needs a line of its own")
        }
        return text
    }

    private mutating func refuse(_ key: SettingKey, _ text: String) {
        var hint: String?
        let message =
            text.isEmpty ? "empty" : key.form.isNumber(text) ? "out of range" : "not understood"
        if SectionReader.holdsComment(text) {
            hint = "a comment needs a line of its own"
        } else if case .choice(let words) = key.form {
            hint = NearestName.nearest(to: text, among: words).map { "did you mean \($0)?" }
        }
        report(
            .error, key, found: text, message, expected: key.form.expectation, hint: hint)
    }

    private static func unit(of key: SettingKey) -> (Double, ClosedRange<Double>) {
        switch key.form {
        case .seconds(let range): (1, range)
        case .hours(let range): (3600, range)
        default: preconditionFailure("\(key.name): form")
        }
    }

    /// Whether `text` goes on with what looks like a comment.
    static func holdsComment(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { before, mark in
            (before == UInt8(ascii: " ") || before == UInt8(ascii: "\t"))
                && (mark == UInt8(ascii: ";") || mark == UInt8(ascii: "#"))
        }
    }
}
