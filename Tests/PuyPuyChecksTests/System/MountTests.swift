import Testing

@testable import PuyPuyChecks

struct MountTests {
    static let mountpoints: [(HostShape, Set<String>)] = [
        (.virtualMachine, ["rootfs"]), (.manyProcessors, ["rootfs", "_srv_my disk"]),
        (
            .nvmeLVM,
            [
                "rootfs", "_boot", "_boot_efi", "_home", "_srv_pool", "_srv_pool-logs", "_tank",
            ]
        ),
        (.container, ["rootfs", "_data"]), (.ipv6Only, ["rootfs"]), (.oldKernel, ["rootfs"]),
    ]

    @Test(arguments: mountpoints)
    func `local file systems are reported once each`(
        shape: HostShape, expected: Set<String>
    ) throws {
        var sample = sample(of: "disks")
        try DisksCheck(root: HostRoot(shape.path), networkMounts: nil).collect(into: &sample)
        for metric in ["drive_bytes_used", "drive_bytes_available", "drive_percent_used"] {
            #expect(sample.tagValues("mountpoint", of: metric) == expected)
        }
        #expect(sample.refusals.isEmpty)
    }

    @Test(arguments: [
        ("server:/export", "/mnt", "nfs4", Mount.Place.network),
        ("//nas/share", "/mnt", "cifs", .network), ("host:/dir", "/mnt", "fuse.sshfs", .network),
        ("10.0.0.1:/v", "/mnt", "somethingnew", .network), ("/dev/sda1", "/mnt", "fuseblk", .local),
        ("/dev/sda1", "/", "newfs", .local), ("tank", "/tank", "zfs", .local),
        ("/dev/disk/by-path/pci-0000:00:1f.2", "/mnt", "ext4", .local),
        ("overlay", "/", "overlay", .local), ("overlay", "/var/lib/x", "overlay", .pseudo),
        ("tmpfs", "/run", "tmpfs", .pseudo), ("/dev/loop1", "/snap/x", "squashfs", .pseudo),
        ("cgroup2", "/sys/fs/cgroup", "cgroup2", .pseudo), ("none", "/mnt", "newfs", .pseudo),
    ])
    func `the type tells where a file system is`(
        source: String, mountpoint: String, type: String, place: Mount.Place
    ) {
        let mount = Mount(source: source, mountpoint: mountpoint, type: type, subvolume: nil)
        #expect(mount.place == place)
    }

    @Test func `escapes are decoded`() {
        let line = "/dev/sda1 /a\\040b\\011c\\134d\\04 ext4 rw,subvol=/x\\040y 0 0\n"
        let mount = Mount.parse(bytes(line))[0]
        #expect(mount.mountpoint == "/a b\tc\\d\\04")
        #expect(mount.subvolume == "/x y")
    }

    @Test func `a mount hides the one below it`() {
        let text = "/dev/a /x ext4 rw 0 0\ntmpfs /x tmpfs rw 0 0\n/dev/b /y ext4 rw 0 0\n"
        let visible = Mount.visible(Mount.parse(bytes(text)))
        #expect(visible.map(\.source) == ["tmpfs", "/dev/b"])
    }
}
