import Foundation
import TestSupport

/// A control group with a limit of memory, of either version; gone with the object, which is when
/// nothing may be in it any more.
final class MemoryGroup {
    private static let root = "/sys/fs/cgroup"
    private let path: String
    private let isUnified: Bool

    /// Whether this process may make one.
    static let isPossible = (try? MemoryGroup(limitBytes: 1 << 30)) != nil

    /// The file that takes the number of a process that joins.
    var processes: String { path + "/cgroup.procs" }

    /// A group whose processes may use so much, file cache included. Throws where this process may not
    /// make one.
    init(limitBytes: Int) throws(TestSupportError) {
        let hasMemory = FileManager.default.fileExists(atPath: MemoryGroup.root + "/memory")
        isUnified = !hasMemory
        let name = "puypuy-fault-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        path = MemoryGroup.root + (hasMemory ? "/memory/" : "/") + name
        guard mkdir(path, 0o755) == 0 else {
            throw TestSupportError("cannot make \(path): \(String(cString: strerror(errno)))")
        }
        try writeBytes(
            Array("\(limitBytes)\n".utf8),
            to: path + (isUnified ? "/memory.max" : "/memory.limit_in_bytes"), mode: 0o644)
    }

    deinit {
        _ = eventually(within: .seconds(2)) { rmdir(path) == 0 }
    }

    /// The most that was used at a time, file cache included.
    var peakBytes: Int {
        let file = isUnified ? "/memory.peak" : "/memory.max_usage_in_bytes"
        return Int(readText(path + file).prefix { $0.isNumber }) ?? 0
    }

    /// How many processes the kernel has killed because of the limit.
    var kills: Int {
        let file = isUnified ? "/memory.events" : "/memory.oom_control"
        for line in readText(path + file).split(separator: "\n") where line.hasPrefix("oom_kill ") {
            return Int(line.dropFirst("oom_kill ".count)) ?? 0
        }
        return 0
    }
}
