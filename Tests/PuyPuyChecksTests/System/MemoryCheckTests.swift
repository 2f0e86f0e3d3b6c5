import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct MemoryCheckTests {
    static let totals: [(HostShape, Int64, Int64, Int64)] = [
        (.virtualMachine, 24_684_096, 23_910_104, 0),
        (.manyProcessors, 2_113_617_920, 1_903_617_920, 120),
        (.nvmeLVM, 32_768_000, 20_036_179, 4096),
        (.container, 16_384_000, 10_036_179, 0),
        (.ipv6Only, 2_048_000, 1_036_179, 12),
        // No MemAvailable: free memory, buffers and the page cache.
        (.oldKernel, 1_030_000, 100_000 + 50_000 + 400_000, 700),
    ]

    @Test(arguments: totals)
    func `sizes are bytes, and swapcached is not cached`(
        shape: HostShape, totalKB: Int64, availableKB: Int64, swapCachedKB: Int64
    ) throws {
        var sample = sample(of: "memory")
        try MemoryCheck(root: HostRoot(shape.path)).collect(into: &sample)
        #expect(sample.value("mem_total") == .integer(totalKB * 1024))
        #expect(sample.value("mem_available") == .integer(availableKB * 1024))
        #expect(sample.value("mem_swapcached") == .integer(swapCachedKB * 1024))
        let used = 100 - Double(availableKB) * 100 / Double(totalKB)
        let percent = try #require(sample.value("mem_used_percent")).asDouble
        #expect(abs(percent - used) < 1e-9)
        #expect(
            sample.metrics == [
                "mem_total", "mem_available", "mem_buffers", "mem_cached", "mem_swapcached",
                "mem_active", "mem_inactive", "mem_used_percent",
            ])
        #expect(sample.points.allSatisfy { $0.series.tags["type"] == "untyped" })
    }

    @Test func `active is not active of anonymous pages`() {
        let sizes = MemoryCheck.parse(bytes("Active(anon):  7 kB\nActive:   3 kB\nHuge:  5\n"))
        #expect(sizes == ["Active(anon)": 7168, "Active": 3072])
    }

    @Test func `a file without a total is a problem that names it`() throws {
        let root = try TemporaryDirectory()
        try root.write("/proc/meminfo", "MemFree: 5 kB\n")
        var sample = sample(of: "memory")
        let error = #expect(throws: ChecksError.self) {
            try MemoryCheck(root: HostRoot(root.path)).collect(into: &sample)
        }
        #expect(error?.subject == "MemTotal in \(root.path)/proc/meminfo")
    }

    @Test func `sizes whose sum is beyond 64 bits give no available memory`() throws {
        let root = try TemporaryDirectory()
        let large = "9007199254740991 kB\n"
        try root.write(
            "/proc/meminfo", "MemTotal: 1 kB\nMemFree: \(large)Buffers: \(large)Cached: 1 kB\n")
        var sample = sample(of: "memory")
        try MemoryCheck(root: HostRoot(root.path)).collect(into: &sample)
        #expect(sample.metrics == ["mem_total", "mem_buffers", "mem_cached"])
    }

    @Test func `a missing file is named in the system's words`() {
        var sample = sample(of: "memory")
        let error = #expect(throws: ChecksError.self) {
            try MemoryCheck(root: HostRoot("/nowhere/")).collect(into: &sample)
        }
        #expect(
            error?.description == "cannot read /nowhere/proc/meminfo: No such file or directory")
    }

    @Test func `the total of this machine is the one that the file shows`() throws {
        let line = try #require(lines(ofLive: "/proc/meminfo").first { $0.hasPrefix("MemTotal:") })
        let kilobytes = try #require(Int64(words(line)[1]))
        var sample = sample(of: "memory")
        try MemoryCheck(root: HostRoot("/")).collect(into: &sample)
        #expect(sample.value("mem_total") == .integer(kilobytes * 1024))
    }
}
