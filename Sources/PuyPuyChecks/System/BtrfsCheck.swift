internal import PuyPuyCore

/// `btrfs`: errors that the devices of btrfs file systems met.
///
/// Source: `btrfs device stats`, btrfs-device(8), which needs root. A device counts once, however
/// many of its subvolumes are mounted. Where no btrfs is mounted there is nothing to report.
struct BtrfsCheck: Check {
    static let description = CheckDescription(
        name: "btrfs", section: nil, summary: "errors of the devices of btrfs file systems",
        make: { BtrfsCheck(root: HostRoot($0.rootPath)) })

    let root: HostRoot
    /// The program, found in ``ChildProcess/searchPath``; a test has its own.
    var program = "btrfs"

    func collect(into sample: inout Sample) async throws {
        let mounts = Mount.parse(try root.read(root.processView("mounts"))[...])
        var asked: Set<String> = []
        var reported: Set<String> = []
        var problem: (any Error)?
        for mount in mounts where mount.type == "btrfs" && asked.insert(mount.source).inserted {
            do {
                // A file system on several devices names them all.
                for counter in try await counters(of: mount)
                where reported.insert(counter.metric).inserted {
                    sample.gauge(counter.metric, .integer(counter.count), type: "system")
                }
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    private func counters(of mount: Mount) async throws -> [Counter] {
        let path = root.path(mount.mountpoint)
        let child = ChildProcess(program: program, arguments: ["device", "stats", path])
        let result = try await child.run()
        if let problem = result.problem {
            throw ChecksError(
                operation: "read the error counters of", subject: path, cause: problem,
                hint: "btrfs device stats needs root")
        }
        return BtrfsCheck.parse(result.output[...])
    }

    /// One counter of one device.
    struct Counter: Equatable {
        /// `btrfs`, the device's path and the counter's name, joined by `_`.
        let metric: String
        /// Errors since the counters were last reset.
        let count: Int64
    }

    /// Lines such as `[/dev/loop0].write_io_errs    0`; others are left out.
    static func parse(_ text: ArraySlice<UInt8>) -> [Counter] {
        var counters: [Counter] = []
        var lines = ByteLines(text)
        while let line = lines.next() {
            // A device's path may hold blanks, so the brackets come first.
            guard line.first == UInt8(ascii: "["),
                let end = line.lastIndex(of: UInt8(ascii: "]"))
            else { continue }
            let device = line[(line.startIndex + 1)..<end]
            var words = ByteWords(line[(end + 1)...])
            guard let name = words.next(), name.first == UInt8(ascii: "."),
                let count = words.next().flatMap({ Int64(digits: $0) })
            else { continue }
            let joined = device.first == UInt8(ascii: "/") ? device.text : "/\(device.text)"
            let metric = "btrfs\(joined)\(name.text)".map { "/. ".contains($0) ? "_" : $0 }
            counters.append(Counter(metric: String(metric), count: count))
        }
        return counters
    }
}
