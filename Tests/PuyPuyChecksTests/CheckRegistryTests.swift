import Testing

@testable import PuyPuyChecks

struct CheckRegistryTests {
    @Test func `the built-in checks are sorted by name`() {
        #expect(
            CheckRegistry.builtIn.map(\.name) == [
                "btrfs", "cpustats", "disks", "ipconntrack", "load_average", "memory",
                "nagios", "network_bytes", "openfiles", "tcpconn",
            ])
    }

    @Test func `keys of existing files are accepted and said to have no effect`() {
        for name in ["cpustats", "disks", "load_average", "memory"] {
            let check = CheckRegistry.builtIn.first { $0.name == name }
            let obsolete = check?.options.filter(\.isObsolete).map(\.key)
            #expect(obsolete == ["static_enabled", "high", "severe"], "\(name)")
        }
    }

    @Test(arguments: CheckRegistry.builtIn.map(\.name))
    func `every check is made from its own defaults`(name: String) throws {
        let check = try #require(CheckRegistry.builtIn.first { $0.name == name })
        let pairs = check.options.filter { $0.key != "*" }.map { ($0.key, $0.defaultText) }
        let options = Dictionary(uniqueKeysWithValues: pairs)
        _ = try check.make(CheckContext(options: options))
    }
}
