internal import PuyPuyCore

/// `ipconntrack`: connections that the firewall tracks, and how many it can.
///
/// Source: Documentation/networking/nf_conntrack-sysctl.rst; kernels before 2.6.20 have the older
/// path. The path is looked for in each run, since the module can be loaded at any time. Without
/// the module there is nothing to report, and that is no failure.
struct ConntrackCheck: Check {
    static let description = CheckDescription(
        name: "ipconntrack", section: nil,
        summary: "connections that the firewall tracks, and how many it can",
        make: { ConntrackCheck(root: HostRoot($0.rootPath)) })

    let root: HostRoot

    private static let paths = [
        "/proc/sys/net/netfilter/nf_conntrack_", "/proc/sys/net/ipv4/netfilter/ip_conntrack_",
    ]

    func collect(into sample: inout Sample) throws {
        for path in ConntrackCheck.paths where root.exists(path + "count") {
            for (metric, file) in [("conntrack_cur", "count"), ("conntrack_max", "max")] {
                guard let content = try root.readIfThere(path + file) else { continue }
                guard let count = ConntrackCheck.parse(content[...]) else {
                    throw ChecksError(
                        operation: "understand", subject: root.path(path + file),
                        cause: "it does not hold a number")
                }
                sample.gauge(metric, count, type: "system")
            }
            return
        }
    }

    /// The number that is alone in the file.
    static func parse(_ text: ArraySlice<UInt8>) -> Value? {
        var words = ByteWords(text)
        return words.next().flatMap(Value.init(counter:))
    }
}
