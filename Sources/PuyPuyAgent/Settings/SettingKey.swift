/// One key of the configuration: what it is called, what its text has to be, what it does.
///
/// The tables of keys (``SelfConfigKey``, ``BackendKey``, ``CheckKey``, ``WebServerKey``) are the one
/// source behind reading, `config check`, `config show` and the reference page.
public struct SettingKey: Sendable, Hashable {
    /// The key as it is written, in lower case.
    public let name: String
    /// What its text has to be.
    public let form: SettingForm
    /// The text that stands for a missing key; empty when a missing key means nothing is set.
    public let defaultText: String
    /// A text that it may have, for the reference page.
    public let exampleText: String
    /// What it does, with its unit: one or two sentences for people.
    public let help: String
    /// Why the key has no effect, for keys that are only accepted; `nil` for keys that have one.
    public let withoutEffect: String?
    /// Whether its value must never be shown.
    public let isSecret: Bool

    /// A key that has an effect. Its default is the example where no other is given.
    init(
        _ name: String, _ form: SettingForm, default defaultText: String = "",
        example: String? = nil, isSecret: Bool = false, _ help: String
    ) {
        self.name = name
        self.form = form
        self.defaultText = defaultText
        self.exampleText = example ?? defaultText
        self.help = help
        self.withoutEffect = nil
        self.isSecret = isSecret
    }

    /// A key of existing configurations that is accepted and has no effect, and why.
    init(_ name: String, withoutEffect: String, isSecret: Bool = false) {
        self.name = name
        self.form = .text
        self.defaultText = ""
        self.exampleText = ""
        self.help = withoutEffect
        self.withoutEffect = withoutEffect
        self.isSecret = isSecret
    }
}

/// A table of keys as the reference page and the shipped config.ini show it.
public struct SettingTable: Sendable, Hashable {
    /// The section that holds the keys, as it is written: `SelfConfig`, `TSDB`.
    public let section: String
    /// What the section is about: a sentence for people.
    public let summary: String
    /// The keys, those that belong together side by side.
    public let keys: [SettingKey]

    /// All tables, in the order of the shipped config.ini.
    public static let all: [SettingTable] = [
        SettingTable(
            section: "SelfConfig", summary: "The daemon, the tags of every point, and the spool.",
            keys: SelfConfigKey.all),
        SettingTable(
            section: "TSDB",
            summary: "Where the points go. [TSDB:NAME] adds a destination called NAME.",
            keys: BackendKey.all),
        SettingTable(
            section: "WebServer", summary: "The local web server.", keys: WebServerKey.all),
        SettingTable(
            section: "check_NAME.ini", summary: "The keys that every built-in check understands.",
            keys: CheckKey.all),
    ]
}
