internal import PuyPuyCore

/// `disks`: what drives read and write, how busy they are, and how full file systems are.
///
/// Sources: `/proc/diskstats`, `/sys/block`, which lists whole drives and no partitions,
/// `/proc/mounts` and statvfs(3). By default only file systems on local disks are asked, since a
/// share whose server is gone never answers.
struct DisksCheck: Check {
    static let description = CheckDescription(
        name: "disks", section: "Disk Stats",
        summary: "reads, writes and load of drives, and how full file systems are",
        options: [
            CheckOption(
                key: "network_mounts", form: .flag, defaultText: "False",
                help: "whether file systems on other hosts are reported too")
        ] + CheckOption.obsoleteThresholds(high: "90", severe: "95"),
        make: {
            DisksCheck(
                root: HostRoot($0.rootPath),
                networkMounts: try $0.flag("network_mounts", default: false)
                    ? NetworkMounts() : nil)
        })

    let root: HostRoot
    /// Measures shares; `nil` leaves them out.
    let networkMounts: NetworkMounts?

    /// The figures of drives do not depend on those of file systems, nor the other way round.
    func collect(into sample: inout Sample) throws {
        var problem: ChecksError?
        do throws(ChecksError) { try addDrives(to: &sample) } catch { problem = error }
        try addFileSystems(to: &sample)
        if let problem { throw problem }
    }

    private func addDrives(to sample: inout Sample) throws(ChecksError) {
        // In /sys a "/" in a device's name is written "!": cciss!c0d0.
        let drives = Set(
            try root.names(in: "/sys/block").filter { name in
                // An empty card reader or cdrom has a size of zero.
                !DiskStats.isVirtual(name) && root.number("/sys/block/\(name)/size") != .integer(0)
            })
        for drive in DiskStats.parse(try root.read("/proc/diskstats")[...]) {
            let name = String(drive.name.map { $0 == "/" ? "!" : $0 })
            guard drives.contains(name) else { continue }
            let tags: Tags = ["drive": name]
            sample.rate("drive_reads", .integer(drive.readBytes), tags: tags)
            sample.rate("drive_writes", .integer(drive.writtenBytes), tags: tags)
            // Milliseconds per second are tenths of a percent.
            if let msPerSecond = sample.ratePerSecond(of: "busy.\(name)", .integer(drive.busyMs)) {
                let percent = (msPerSecond / 10).roundedToHundredths
                sample.gauge("drive_io_percent_used", .double(percent), tags: tags)
            }
        }
    }

    /// A file system that cannot be measured is counted as refused and costs the others nothing.
    private func addFileSystems(to sample: inout Sample) throws(ChecksError) {
        let mounts = Mount.parse(try root.read(root.processView("mounts"))[...])
        let wanted = Mount.visible(mounts).filter { mount in
            switch mount.place {
            // Containers have single files bind-mounted, such as /etc/hosts.
            case .local: root.isDirectory(mount.mountpoint)
            case .network: networkMounts != nil
            case .pseudo: false
            }
        }
        for mount in Mount.distinct(wanted) {
            let path = root.path(mount.mountpoint)
            do throws(ChecksError) {
                let usage =
                    if mount.place == .network, let networkMounts {
                        try networkMounts.usage(path)
                    } else {
                        try FileSystemUsage.read(path)
                    }
                add(usage, tags: ["mountpoint": mount.tag], to: &sample)
            } catch {
                sample.refuse("drive_bytes_used", .unreadable)
            }
        }
    }

    private func add(_ usage: FileSystemUsage, tags: Tags, to sample: inout Sample) {
        guard usage.totalBytes > 0 else { return }
        sample.gauge("drive_bytes_used", .integer(usage.usedBytes), tags: tags)
        sample.gauge("drive_bytes_available", .integer(usage.availableBytes), tags: tags)
        sample.gauge("drive_percent_used", .double(usage.usedPercent), tags: tags)
    }
}
