/// Something that measures: built in, or a script.
///
/// A value of this type is made once and kept between runs. It has no state of its own between
/// runs: readings of counters are kept in the rate table, which survives restarts.
public protocol Check: Sendable {
    /// Measures once. What is in `sample` when this throws still counts.
    ///
    /// Runs on a thread that it may block; when the deadline passes, the run is abandoned and its
    /// task cancelled.
    func collect(into sample: inout Sample) async throws

    /// Gets ready for a run that follows at once, before its deadline begins to count. Returns soon
    /// when its task is cancelled. What does not work out shows in the run.
    func prepare() async

    /// Ends what goes on between runs; no run follows.
    func retire() async
}

extension Check {
    /// Nothing: most checks are ready.
    public func prepare() async {}

    /// Nothing: most checks do nothing between runs.
    public func retire() async {}
}

/// How a check is to be made: its options, and where the host is.
public struct CheckContext: Sendable {
    /// Where the host's file system is mounted: `/`, or `root_path`. Ends in no slash unless it is
    /// just `/`.
    public var rootPath: String
    /// The check's options from its section and its own file, keys in lower case.
    public var options: [String: String]

    /// Options and the host's root.
    public init(rootPath: String = "/", options: [String: String] = [:]) {
        self.rootPath = rootPath
        self.options = options
    }
}

/// One option of a check, as `config check` and the reference page know it.
public struct CheckOption: Sendable, Hashable {
    /// What an option's text has to be.
    public enum Form: Sendable, Hashable {
        /// Any text.
        case text
        /// True, yes, on, 1 or False, no, off, 0, in any case.
        case flag
        /// A number.
        case number
    }

    /// The key, in lower case; `*` stands for any further key.
    public let key: String
    /// What the text has to be.
    public let form: Form
    /// The text that stands for a missing option.
    public let defaultText: String
    /// One sentence for people.
    public let help: String
    /// True for a key that is accepted and has no effect.
    public let isObsolete: Bool

    /// An option of a check.
    public init(
        key: String, form: Form, defaultText: String, help: String, isObsolete: Bool = false
    ) {
        self.key = key
        self.form = form
        self.defaultText = defaultText
        self.help = help
        self.isObsolete = isObsolete
    }
}

/// A built-in check before it is made: what `check list` shows and `config check` validates.
public struct CheckDescription: Sendable {
    /// The name, as in `checks_enabled/check_NAME.ini`.
    public let name: String
    /// The section of config.ini that holds its options; `nil` when it has none.
    public let section: String?
    /// One line for people.
    public let summary: String
    /// The options that it understands.
    public let options: [CheckOption]
    /// Makes the check. Throws when an option's text is not of its form.
    public let make: @Sendable (CheckContext) throws -> any Check

    /// Describes a built-in check.
    public init(
        name: String, section: String?, summary: String, options: [CheckOption] = [],
        make: @escaping @Sendable (CheckContext) throws -> any Check
    ) {
        self.name = name
        self.section = section
        self.summary = summary
        self.options = options
        self.make = make
    }
}
