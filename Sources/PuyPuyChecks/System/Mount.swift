/// One mounted file system, as `/proc/mounts` lists it: proc(5), fstab(5).
struct Mount: Equatable {
    /// The device, share or name that is mounted.
    let source: String
    /// The directory, or bind-mounted file, where it is.
    let mountpoint: String
    /// The file system's type, such as `ext4`.
    let type: String
    /// The subvolume of btrfs, which is a directory tree of its own on a shared device.
    let subvolume: String?

    /// How the figures of a mount are got.
    enum Place: Equatable {
        /// On a disk of this host: answered at once.
        case local
        /// On another host, or in a program: may never be answered.
        case network
        /// In the kernel, or an image that is always full: there is nothing to report.
        case pseudo
    }

    /// Where the file system is, told by its type; unknown types by their source.
    var place: Place {
        if Mount.pseudoTypes.contains(type) || type.hasPrefix("cgroup") { return .pseudo }
        if type == "overlay" || type == "aufs" { return mountpoint == "/" ? .local : .pseudo }
        if type == "fuseblk" { return .local }
        if type == "fuse" || type.hasPrefix("fuse.") || Mount.networkTypes.contains(type) {
            return .network
        }
        if Mount.poolTypes.contains(type) { return .local }
        if source.hasPrefix("//") { return .network }
        if source.hasPrefix("/") { return .local }
        if source.contains(":") { return .network }
        if mountpoint == "/" { return .local }
        return .pseudo
    }

    /// The tag's value: `rootfs` for `/`, else the path with `/` as `_`.
    var tag: String {
        mountpoint == "/"
            ? "rootfs" : String(mountpoint.map { $0 == "/" ? "_" : $0 })
    }

    /// Types without a disk behind them, and images that are full when they are made.
    private static let pseudoTypes: Set<String> = [
        "autofs", "binfmt_misc", "bpf", "configfs", "cpuset", "debugfs", "devfs", "devpts",
        "devtmpfs", "efivarfs", "erofs", "fuse.lxcfs", "fuse.portal", "fuse.gvfsd-fuse", "fusectl",
        "hugetlbfs", "iso9660", "mqueue", "nsfs", "nfsd", "proc", "pstore", "ramfs", "resctrl",
        "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "squashfs", "sysfs", "tmpfs",
        "tracefs", "usbfs",
    ]
    /// Types whose answer comes over a network.
    private static let networkTypes: Set<String> = [
        "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "glusterfs",
        "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "smb3", "smbfs",
        "virtiofs", "wekafs",
    ]
    /// Local types whose source is a pool's name, not a device.
    private static let poolTypes: Set<String> = ["bcachefs", "btrfs", "ubifs", "zfs"]

    /// The mounts in the order in which they were made.
    static func parse(_ text: ArraySlice<UInt8>) -> [Mount] {
        var mounts: [Mount] = []
        var lines = ByteLines(text)
        while let line = lines.next() {
            var words = ByteWords(line)
            guard let source = words.next(), let mountpoint = words.next(), let type = words.next()
            else { continue }
            var subvolume: String?
            for option in (words.next() ?? []).split(separator: UInt8(ascii: ","))
            where option.begins(with: "subvol=") {
                subvolume = decoded(option.dropFirst(7))
            }
            mounts.append(
                Mount(
                    source: decoded(source), mountpoint: decoded(mountpoint), type: type.text,
                    subvolume: subvolume))
        }
        return mounts
    }

    /// The mounts that a path leads to: of two on one path only the later is visible.
    static func visible(_ mounts: [Mount]) -> [Mount] {
        var lastAt: [String: Int] = [:]
        for (position, mount) in mounts.enumerated() { lastAt[mount.mountpoint] = position }
        return mounts.enumerated().filter { lastAt[$1.mountpoint] == $0 }.map(\.element)
    }

    /// Each file system once.
    ///
    /// A device that is mounted at several paths, as bind mounts are, is reported at the shortest
    /// one; a subvolume of btrfs stands for itself.
    static func distinct(_ mounts: [Mount]) -> [Mount] {
        var positions: [String: Int] = [:]
        var distinct: [Mount] = []
        for mount in mounts {
            let key = "\(mount.source)\n\(mount.subvolume ?? "")"
            guard let known = positions[key] else {
                positions[key] = distinct.count
                distinct.append(mount)
                continue
            }
            if mount.mountpoint.utf8.count < distinct[known].mountpoint.utf8.count {
                distinct[known] = mount
            }
        }
        return distinct
    }

    /// Blanks and backslashes are written as `\` and three octal digits there.
    private static func decoded(_ word: ArraySlice<UInt8>) -> String {
        guard word.contains(UInt8(ascii: "\\")) else { return word.text }
        var bytes: [UInt8] = []
        var rest = word
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(digits: rest.prefix(3), radix: 8),
                rest.count >= 3
            {
                bytes.append(code)
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes[...].text
    }
}
