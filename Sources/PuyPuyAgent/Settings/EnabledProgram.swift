/// A file of the checks folder that is itself a check: a Python module or a resident program.
public struct EnabledProgram: Sendable, Hashable {
    /// What is done with the file.
    public enum Kind: Sendable, Hashable {
        /// `check_NAME.py`, run in the Python host.
        case module
        /// `check_NAME`, an executable that is started once and prints as long as it runs.
        case resident
    }

    /// What stands behind `check_`, without the extension.
    public var name: String
    /// What is done with it.
    public var kind: Kind
    /// The file, absolute.
    public var path: String
    /// How often it runs, or how often its lines are taken: `interval`, else
    /// `check_period_seconds`.
    public var interval: Duration
    /// The most time that a run takes: `timeout`, else the interval, but at least a second and at
    /// most a minute.
    public var timeout: Duration
    /// The file as problems name it.
    public var file: String

    /// The check in the file at `path`.
    public init(
        name: String, kind: Kind, path: String, interval: Duration, timeout: Duration,
        file: String = ""
    ) {
        self.name = name
        self.kind = kind
        self.path = path
        self.interval = interval
        self.timeout = timeout
        self.file = file
    }

    /// The name and kind of what is in a file of the checks folder; `nil` for any other file.
    static func named(_ fileName: String) -> (name: String, kind: Kind)? {
        guard fileName.hasPrefix("check_") else { return nil }
        let stem = fileName.dropFirst("check_".count)
        if stem.hasSuffix(".py"), stem.count > 3 { return (String(stem.dropLast(3)), .module) }
        // Backups and settings of whatever kind have an extension.
        let isPlain = stem.allSatisfy { $0 != "." && $0 != "~" && $0 != "@" }
        return isPlain && !stem.isEmpty ? (String(stem), .resident) : nil
    }
}
