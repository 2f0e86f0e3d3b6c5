internal import PuyPuyCore

/// `network_bytes`: bytes received and sent by each interface.
///
/// Source: `/sys/class/net/*/statistics`, Documentation/ABI/testing/sysfs-class-net-statistics.
struct NetworkBytesCheck: Check {
    static let description = CheckDescription(
        name: "network_bytes", section: "Network Stats",
        summary: "bytes per second that each interface receives and sends",
        options: [
            CheckOption(
                key: "localhost", form: .flag, defaultText: "False",
                help: "whether the loopback interface is reported too"),
            CheckOption(
                key: "rated", form: .flag, defaultText: "True",
                help: "whether bytes per second are reported, or the kernel's counters"),
        ],
        make: {
            NetworkBytesCheck(
                root: HostRoot($0.rootPath), loopback: try $0.flag("localhost", default: false),
                rated: try $0.flag("rated", default: true))
        })

    let root: HostRoot
    let loopback: Bool
    let rated: Bool

    /// An interface that goes away while it is read is left out; so is `bonding_masters`, which is
    /// a file.
    func collect(into sample: inout Sample) throws {
        for interface in try root.names(in: "/sys/class/net") where loopback || interface != "lo" {
            let statistics = "/sys/class/net/\(interface)/statistics"
            for (metric, file) in [("bytes_rx", "rx_bytes"), ("bytes_tx", "tx_bytes")] {
                guard let bytes = root.number("\(statistics)/\(file)") else { continue }
                let tags: Tags = ["interface": interface]
                if rated {
                    sample.rate(metric, bytes, type: "system", tags: tags)
                } else {
                    sample.gauge(metric, bytes, type: "system", tags: tags)
                }
            }
        }
    }
}
