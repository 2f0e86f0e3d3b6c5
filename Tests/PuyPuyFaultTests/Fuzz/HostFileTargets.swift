import Foundation
import PuyPuyCore
import TestSupport

@testable import PuyPuyChecks

/// What the kernel writes in /proc and /sys, and other files of a host.
enum HostFileTargets {
    static let all = [
        target("meminfo", "/proc/meminfo") { MemoryCheck.parse($0).count },
        target("stat", "/proc/stat") { CPUStatsCheck.parse($0).count },
        target("loadavg", "/proc/loadavg") { LoadAverageCheck.parse($0).count },
        target("diskstats", "/proc/diskstats") { DiskStats.parse($0).count },
        target("mounts", "/proc/mounts") { text in
            let mounts = Mount.parse(text)
            for mount in mounts { _ = (mount.place, mount.tag) }
            let distinct = Mount.distinct(Mount.visible(mounts))
            return distinct.count > mounts.count ? .max : mounts.count
        },
        target("sockets", "/proc/net/tcp") { Int(SocketCount.parse($0).total) },
        target("conntrack", "/proc/sys/net/netfilter/nf_conntrack_count", otherwise: "4096\n") {
            ConntrackCheck.parse($0) == nil ? 0 : 1
        },
        target("pid file", "/none", otherwise: "1234\n") {
            OpenFilesCheck.parse(pidFile: $0) == nil ? 0 : 1
        },
        target(
            "btrfs", "/none",
            otherwise: "[/dev/sda 1].write_io_errs    0\n[/dev/sdb].read_io_errs 12\n[1].x 3\n"
        ) { BtrfsCheck.parse($0).count },
        target("first lines of scripts", "/none", otherwise: "#!/usr/bin/env python3\nimport os\n")
        {
            Interpreter(beginning: $0).line == nil ? 0 : 1
        },
        hosts,
    ]

    /// A file of every host among the fixtures; what is counted may not be more than its bytes.
    private static func target(
        _ name: String, _ path: String, otherwise: String = "",
        _ count: @escaping @Sendable (ArraySlice<UInt8>) -> Int
    ) -> FuzzTarget {
        var corpus = [Array(otherwise.utf8)]
        let fixtures = Installation.project + "/Tests/PuyPuyChecksTests/Fixtures"
        for host in names(inDirectory: fixtures) {
            if let bytes = try? readBytes("\(fixtures)/\(host)\(path)") {
                corpus.append(Array(bytes.prefix(2_000)))
            }
        }
        return FuzzTarget(name, corpus: corpus, words: [":", " kB", "cpu", "\\040", "subvol="]) {
            let number = count($0[...])
            return (0...$0.count).contains(number) ? nil : "\(number) of \($0.count) bytes"
        }
    }

    /// Whole checks, twice, on a host whose files are mutated.
    private static let hosts: FuzzTarget = {
        let files = [
            "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/net/tcp", "/proc/net/udp",
            "/proc/sys/net/netfilter/nf_conntrack_count", "/sys/class/net/eth0/statistics/rx_bytes",
        ]
        let texts = files.map { readText($0) }
        let small = [
            "MemTotal: 1 kB\nMemFree: 2 kB\nBuffers: 3 kB\nCached: 4 kB\n",
            "cpu 1 2 3 4 5 6 7 8\ncpu0 1 2 3 4\n", "12345\n", "0.1 0.2 0.3 1/2 3\n",
        ]
        return FuzzTarget(
            "checks of a hostile host", corpus: (texts + small).map { Array($0.utf8) },
            words: ["MemFree:", "kB", "cpu"], weight: 0.1,
            makeReader: {
                let folder = try TemporaryDirectory("puypuy-host")
                for file in files { try folder.write(file, "") }
                return { bytes in
                    for file in files { try writeBytes(bytes, to: folder.path + file) }
                    return fault(ofChecksOn: HostRoot(folder.path), bytes)
                }
            })
    }()

    private static func fault(ofChecksOn host: HostRoot, _ bytes: [UInt8]) -> String? {
        let checks: [any HostCheck] = [
            MemoryCheck(root: host), CPUStatsCheck(root: host, perCore: true),
            LoadAverageCheck(root: host), TCPConnectionsCheck(root: host),
            ConntrackCheck(root: host),
            NetworkBytesCheck(root: host, loopback: true, rated: true),
        ]
        for check in checks {
            var first = CheckTargets.sample()
            try? check.collectNow(into: &first)
            var second = CheckTargets.sample(at: 2, rates: first.rates)
            try? check.collectNow(into: &second)
            if let fault = CheckTargets.fault(of: first, bytes)
                ?? CheckTargets.fault(of: second, bytes)
            {
                return fault
            }
        }
        return nil
    }
}

/// A check that does not wait for anything.
private protocol HostCheck {
    func collectNow(into sample: inout Sample) throws
}

extension MemoryCheck: HostCheck {
    fileprivate func collectNow(into sample: inout Sample) throws { try collect(into: &sample) }
}
extension CPUStatsCheck: HostCheck {
    fileprivate func collectNow(into sample: inout Sample) throws { try collect(into: &sample) }
}
extension LoadAverageCheck: HostCheck {
    fileprivate func collectNow(into sample: inout Sample) throws { try collect(into: &sample) }
}
extension TCPConnectionsCheck: HostCheck {
    fileprivate func collectNow(into sample: inout Sample) throws { try collect(into: &sample) }
}
extension ConntrackCheck: HostCheck {
    fileprivate func collectNow(into sample: inout Sample) throws { try collect(into: &sample) }
}
extension NetworkBytesCheck: HostCheck {
    fileprivate func collectNow(into sample: inout Sample) throws { try collect(into: &sample) }
}
