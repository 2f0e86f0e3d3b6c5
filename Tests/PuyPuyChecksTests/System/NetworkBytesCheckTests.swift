import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct NetworkBytesCheckTests {
    static let interfaces: [(HostShape, Set<String>)] = [
        (.virtualMachine, ["eth0", "ifb0"]), (.manyProcessors, ["ens1f0np0", "bond0"]),
        (.nvmeLVM, ["wlp2s0", "lowpan0"]), (.container, ["eth0"]), (.ipv6Only, ["ens3"]),
        (.oldKernel, ["eth0"]),
    ]

    @Test(arguments: interfaces)
    func `every interface but the loopback is reported`(
        shape: HostShape, expected: Set<String>
    ) throws {
        let root = HostRoot(shape.path)
        var counters = sample(of: "network_bytes")
        try NetworkBytesCheck(root: root, loopback: false, rated: false).collect(into: &counters)
        #expect(counters.tagValues("interface", of: "bytes_rx") == expected)
        #expect(counters.tagValues("interface", of: "bytes_tx") == expected)
        var all = sample(of: "network_bytes")
        try NetworkBytesCheck(root: root, loopback: true, rated: false).collect(into: &all)
        #expect(all.tagValues("interface", of: "bytes_rx") == expected.union(["lo"]))
    }

    @Test func `an idle interface has a rate of zero from the second reading on`() throws {
        let root = try TemporaryDirectory()
        let statistics = "/sys/class/net/eth0/statistics"
        try root.write("\(statistics)/rx_bytes", "1000\n")
        try root.write("\(statistics)/tx_bytes", "77\n")
        let check = NetworkBytesCheck(root: HostRoot(root.path), loopback: false, rated: true)
        var first = sample(of: "network_bytes", at: 100)
        try check.collect(into: &first)
        #expect(first.points.isEmpty)
        try root.write("\(statistics)/rx_bytes", "6000\n")
        var second = sample(of: "network_bytes", at: 110, after: first)
        try check.collect(into: &second)
        #expect(second.value("bytes_rx", ["type": "system"]) == .double(500))
        #expect(second.value("bytes_tx") == .double(0))
    }

    @Test func `a counter beyond 63 bits is still a number`() throws {
        var sample = sample(of: "network_bytes")
        try NetworkBytesCheck(
            root: HostRoot(HostShape.manyProcessors.path), loopback: false, rated: false
        ).collect(into: &sample)
        let tags = ["interface": "ens1f0np0"]
        #expect(sample.value("bytes_rx", tags) == .double(0x1p64))
        #expect(sample.value("bytes_tx", tags) == .integer(.max))
    }

    @Test func `this machine's counters lie between two readings of /proc/net/dev`() throws {
        let before = liveCounters()
        var sample = sample(of: "network_bytes")
        try NetworkBytesCheck(root: HostRoot("/"), loopback: true, rated: false)
            .collect(into: &sample)
        let after = liveCounters()
        try #require(!before.isEmpty)
        for (interface, low) in before {
            let high = try #require(after[interface])
            let received = sample.value("bytes_rx", ["interface": interface])
            let sent = sample.value("bytes_tx", ["interface": interface])
            #expect((low.0...high.0).contains(try #require(received).asDouble))
            #expect((low.1...high.1).contains(try #require(sent).asDouble))
        }
    }

    private func liveCounters() -> [String: (Double, Double)] {
        var counters: [String: (Double, Double)] = [:]
        for line in lines(ofLive: "/proc/net/dev") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let numbers = words(String(parts[1])).compactMap(Double.init)
            guard numbers.count >= 9 else { continue }
            counters[words(String(parts[0]))[0]] = (numbers[0], numbers[8])
        }
        return counters
    }
}
