/// What one block device did since boot: a line of `/proc/diskstats`.
///
/// Source: Documentation/admin-guide/iostats.rst. A sector there is 512 bytes, whatever the drive's
/// own sectors are.
struct DiskStats: Equatable {
    /// The size of the kernel's sectors.
    static let sectorBytes: Int64 = 512

    /// The name that the kernel gives the device, such as `nvme0n1`.
    let name: String
    /// Bytes read.
    let readBytes: Int64
    /// Bytes written.
    let writtenBytes: Int64
    /// Milliseconds in which it had anything to do.
    let busyMs: Int64

    /// The devices and partitions in the order of the lines. Lines of partitions on kernels before
    /// 2.6.25 have fewer words and are left out.
    static func parse(_ text: ArraySlice<UInt8>) -> [DiskStats] {
        var devices: [DiskStats] = []
        var lines = ByteLines(text)
        while let line = lines.next() {
            var words = ByteWords(line)
            guard let name = words.next(after: 2), let read = words.number(after: 2),
                let written = words.number(after: 3), let busyMs = words.number(after: 2)
            else { continue }
            devices.append(
                DiskStats(
                    name: name.text, readBytes: read &* sectorBytes,
                    writtenBytes: written &* sectorBytes, busyMs: busyMs))
        }
        return devices
    }

    /// True for memory and files that look like drives.
    static func isVirtual(_ name: String) -> Bool {
        ["ram", "loop", "zram"].contains { prefix in
            name.hasPrefix(prefix) && name.dropFirst(prefix.count).allSatisfy(\.isNumber)
        }
    }
}

extension ByteWords {
    /// The number that comes after `count` other words.
    fileprivate mutating func number(after count: Int) -> Int64? {
        next(after: count).flatMap { Int64(digits: $0) }
    }
}
