import Glibc
import PuyPuyCore
import Synchronization
import TestSupport
import Testing

@testable import PuyPuyChecks

struct DisksCheckTests {
    static let drives: [(HostShape, Set<String>)] = [
        (.virtualMachine, ["vda"]), (.manyProcessors, ["sda", "sdaa", "md127"]),
        (.nvmeLVM, ["nvme0n1", "nvme1n1", "dm-0", "dm-1", "mmcblk0"]), (.container, ["sda"]),
        (.ipv6Only, ["vda"]), (.oldKernel, ["sda", "cciss!c0d0"]),
    ]

    @Test(arguments: drives)
    func `whole drives are reported, and no partitions or memory`(
        shape: HostShape, expected: Set<String>
    ) throws {
        let check = DisksCheck(root: HostRoot(shape.path), networkMounts: nil)
        var first = sample(of: "disks", at: 100)
        try check.collect(into: &first)
        #expect(first.tagValues("drive", of: "drive_reads").isEmpty)
        var second = sample(of: "disks", at: 110, after: first)
        try check.collect(into: &second)
        for metric in ["drive_reads", "drive_writes", "drive_io_percent_used"] {
            #expect(second.tagValues("drive", of: metric) == expected)
        }
    }

    @Test func `a sector is 512 bytes and busy time is a percentage`() throws {
        let root = try TemporaryDirectory()
        try root.write("/proc/mounts", "")
        try root.write("/sys/block/sda/queue/hw_sector_size", "4096\n")
        let check = DisksCheck(root: HostRoot(root.path), networkMounts: nil)
        try root.write("/proc/diskstats", " 8 0 sda 1 0 1000 5 1 0 2000 6 0 100 11\n")
        var first = sample(of: "disks", at: 100)
        try check.collect(into: &first)
        try root.write("/proc/diskstats", " 8 0 sda 2 0 1100 5 2 0 2020 6 0 2567 11\n")
        var second = sample(of: "disks", at: 110, after: first)
        try check.collect(into: &second)
        #expect(second.value("drive_reads", ["type": "untyped"]) == .double(5120))
        #expect(second.value("drive_writes") == .double(1024))
        #expect(second.value("drive_io_percent_used") == .double(24.67))
    }

    @Test func `usage is that of statvfs`() throws {
        let path = HostShape.container.path
        var answer = statvfs()
        try #require(statvfs(path + "/data", &answer) == 0)
        var sample = sample(of: "disks")
        try DisksCheck(root: HostRoot(path), networkMounts: nil).collect(into: &sample)
        let tags = ["mountpoint": "_data"]
        let used = try #require(sample.value("drive_bytes_used", tags)).asDouble
        let expected = Double(
            (UInt64(answer.f_blocks) - UInt64(answer.f_bfree)) * UInt64(answer.f_frsize))
        // Other processes write to this disk meanwhile.
        #expect(abs(used - expected) < 1e9)
        let percent = try #require(sample.value("drive_percent_used", tags)).asDouble
        #expect(percent == percent.roundedToHundredths)
        #expect((0...100).contains(percent))
    }

    @Test func `a mount that is gone costs the others nothing`() throws {
        let root = try TemporaryDirectory()
        try root.write("/sys/block/sda/size", "1\n")
        try root.write("/proc/diskstats", "")
        try root.write("/proc/mounts", "/dev/a /gone ext4 rw 0 0\n/dev/b / ext4 rw 0 0\n")
        var sample = sample(of: "disks")
        try DisksCheck(root: HostRoot(root.path), networkMounts: nil).collect(into: &sample)
        #expect(sample.tagValues("mountpoint", of: "drive_bytes_used") == ["rootfs"])
    }

    @Test func `file systems are reported where drives cannot be`() throws {
        let root = try TemporaryDirectory()
        try root.write("/proc/mounts", "/dev/b / ext4 rw 0 0\n")
        var sample = sample(of: "disks")
        #expect(throws: ChecksError.self) {
            try DisksCheck(root: HostRoot(root.path), networkMounts: nil).collect(into: &sample)
        }
        #expect(sample.tagValues("mountpoint", of: "drive_bytes_used") == ["rootfs"])
    }

    @Test func `shares are reported on demand`() throws {
        let options = ["network_mounts": "True"]
        let root = HostShape.manyProcessors.path
        let context = CheckContext(rootPath: root, options: options)
        let check = try #require(try DisksCheck.description.make(context) as? DisksCheck)
        var sample = sample(of: "disks")
        try check.collect(into: &sample)
        #expect(
            sample.tagValues("mountpoint", of: "drive_bytes_used")
                == ["rootfs", "_srv_my disk", "_mnt_nfs", "_mnt_cifs", "_mnt_ssh"])
    }

    @Test func `a share that never answers is asked once and costs the others nothing`() throws {
        let asked = Mutex(0)
        let gate = Gate()
        let shares = NetworkMounts(patience: .milliseconds(400)) { path throws(ChecksError) in
            if path.hasSuffix("/mnt/nfs") {
                asked.withLock { $0 += 1 }
                gate.wait()
            }
            return try FileSystemUsage.read(path)
        }
        let check = DisksCheck(
            root: HostRoot(HostShape.manyProcessors.path), networkMounts: shares)
        for _ in 0..<2 {
            var sample = sample(of: "disks")
            try check.collect(into: &sample)
            #expect(
                sample.tagValues("mountpoint", of: "drive_bytes_used")
                    == ["rootfs", "_srv_my disk", "_mnt_cifs", "_mnt_ssh"])
            #expect(sample.refusals.count == 1)
        }
        #expect(asked.withLock { $0 } == 1)
        gate.open()
    }
}
