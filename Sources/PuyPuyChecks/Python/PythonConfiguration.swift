/// What the Python host and its modules know of the configuration.
public struct PythonConfiguration: Sendable, Hashable {
    /// One option of the configuration, as modules ask for it with `getparam`.
    public struct Option: Sendable, Hashable {
        /// The section.
        public var section: String
        /// The key, in lower case.
        public var key: String
        /// The text, variables put in.
        public var text: String

        /// The option `key` of `section`.
        public init(section: String, key: String, text: String) {
            self.section = section
            self.key = key
            self.text = text
        }
    }

    /// The interpreter: a path, or a name to look for.
    public var interpreter = "python3"
    /// The directory of the process, absolute: the one that has `conf/` and `checks_enabled/`.
    public var folder = "/"
    /// The folder of the modules, from which they can import each other.
    public var checksFolder = "/"
    /// The most resident memory of the process; at more it is ended.
    public var memoryLimitBytes = 256 << 20
    /// The tag `host` of points that name no other.
    public var hostname = ""
    /// The tag `cluster`.
    public var clusterName = ""
    /// The tag `group`.
    public var hostGroup = ""
    /// The tag `location`.
    public var location = ""
    /// The whole configuration.
    public var options: [Option] = []

    /// The defaults.
    public init() {}

    /// The first frame that the host gets.
    func hello(bootID: String) -> PythonFrame {
        var records = [
            ["setting", "boot_id", bootID],
            ["setting", "folder", folder],
            ["setting", "checks_folder", checksFolder],
            ["setting", "memory_bytes", "\(memoryLimitBytes)"],
            ["name", "hostname", hostname],
            ["name", "cluster_name", clusterName],
            ["name", "host_group", hostGroup],
            ["name", "location", location],
        ]
        records += options.map { ["option", $0.section, $0.key, $0.text] }
        return PythonFrame(records)
    }
}
