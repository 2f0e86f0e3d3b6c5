import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct ConntrackCheckTests {
    @Test(arguments: [(HostShape.virtualMachine, 42, 262_144), (.oldKernel, 7, 65_536)])
    func `the counts are found at the new and at the old path`(
        shape: HostShape, current: Int64, limit: Int64
    ) throws {
        var sample = sample(of: "ipconntrack")
        try ConntrackCheck(root: HostRoot(shape.path)).collect(into: &sample)
        #expect(sample.value("conntrack_cur", ["type": "system"]) == .integer(current))
        #expect(sample.value("conntrack_max") == .integer(limit))
    }

    @Test func `the module may come and go between runs`() throws {
        let root = try TemporaryDirectory()
        let check = ConntrackCheck(root: HostRoot(root.path))
        var without = sample(of: "ipconntrack")
        try check.collect(into: &without)
        #expect(without.points.isEmpty)
        try root.write("/proc/sys/net/netfilter/nf_conntrack_count", "5\n")
        try root.write("/proc/sys/net/netfilter/nf_conntrack_max", "6\n")
        var with = sample(of: "ipconntrack")
        try check.collect(into: &with)
        #expect(with.points.map(\.value) == [.integer(5), .integer(6)])
    }
}
