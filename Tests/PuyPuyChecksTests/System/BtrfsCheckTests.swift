import PuyPuyCore
import TestSupport
import Testing

@testable import PuyPuyChecks

struct BtrfsCheckTests {
    @Test func `a device becomes part of the metric's name`() {
        let text = """
            [/dev/loop0].write_io_errs    0
            [/dev/loop0].corruption_errs  3
            [/dev/mapper/vg-a.b].read_io_errs 7
            [devid:2].flush_io_errs 1
            WARNING: something else 5

            """
        #expect(
            BtrfsCheck.parse(bytes(text)) == [
                .init(metric: "btrfs_dev_loop0_write_io_errs", count: 0),
                .init(metric: "btrfs_dev_loop0_corruption_errs", count: 3),
                .init(metric: "btrfs_dev_mapper_vg-a_b_read_io_errs", count: 7),
                .init(metric: "btrfs_devid:2_flush_io_errs", count: 1),
            ])
    }

    @Test func `a device with two subvolumes is asked once`() async throws {
        let root = try TemporaryDirectory()
        let tool = try root.write(
            "btrfs",
            """
            #!/bin/sh
            echo "$@" >> \(root.path)/calls
            printf '[/dev/nvme1n1].write_io_errs    4\\n'

            """, mode: 0o755)
        var sample = sample(of: "btrfs")
        let host = HostShape.nvmeLVM.path
        try await BtrfsCheck(root: HostRoot(host), program: tool).collect(into: &sample)
        #expect(sample.points.count == 1)
        let count = sample.value("btrfs_dev_nvme1n1_write_io_errs", ["type": "system"])
        #expect(count == .integer(4))
        #expect(try root.read("calls") == "device stats \(host)/srv/pool\n")
    }

    @Test func `without btrfs there is nothing to report`() async throws {
        var sample = sample(of: "btrfs")
        let check = BtrfsCheck(root: HostRoot(HostShape.container.path), program: "/nowhere")
        try await check.collect(into: &sample)
        #expect(sample.points.isEmpty)
    }

    @Test func `a tool that fails is quoted`() async throws {
        let root = try TemporaryDirectory()
        let tool = try root.write(
            "btrfs", "#!/bin/sh\necho 'ERROR: not root' >&2\nexit 1\n", mode: 0o755)
        var sample = sample(of: "btrfs")
        let check = BtrfsCheck(root: HostRoot(HostShape.nvmeLVM.path), program: tool)
        let error = await #expect(throws: ChecksError.self) {
            try await check.collect(into: &sample)
        }
        #expect(error?.cause == "exit status 1: ERROR: not root")
    }
}
