import Foundation
import Synchronization
import TestSupport

/// The most that a daemon took of memory, disk and descriptors, looked at twenty times a second by a
/// thread of its own until the object goes.
final class Vitals: Sendable {
    struct Peaks: Sendable {
        var memoryBytes = 0
        var anonymousBytes = 0
        var logBytes = 0
        var fileBytes = 0
        var descriptors = 0

        mutating func take(_ other: Peaks) {
            memoryBytes = max(memoryBytes, other.memoryBytes)
            anonymousBytes = max(anonymousBytes, other.anonymousBytes)
            logBytes = max(logBytes, other.logBytes)
            fileBytes = max(fileBytes, other.fileBytes)
            descriptors = max(descriptors, other.descriptors)
        }
    }

    private struct State {
        var pid: pid_t = 0
        var peaks = Peaks()
        var isOver = false
    }
    private let state = Mutex(State())
    private let spool: String

    /// Looks at the spool at this path; at a process once one is named.
    init(spool: String) {
        self.spool = spool
        startThread { [weak self] in
            while let isOver = self?.look(), !isOver { usleep(50_000) }
        }
    }

    /// The process to look at from now on.
    func follow(_ pid: pid_t) { state.withLock { $0.pid = pid } }

    /// The thread ends.
    func end() { state.withLock { $0.isOver = true } }

    /// The most of everything so far.
    var peaks: Peaks { state.withLock { $0.peaks } }

    /// Forgets what was the most so far.
    func restart() { state.withLock { $0.peaks = Peaks() } }

    /// What a process and its spool take at this moment.
    static func now(pid: pid_t, spool: String) -> Peaks {
        var peaks = Peaks()
        for line in readText("/proc/\(pid)/status").split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count > 1, let kibibytes = Int(words[1]) else { continue }
            if words[0] == "VmRSS:" { peaks.memoryBytes = kibibytes * 1_024 }
            if words[0] == "RssAnon:" { peaks.anonymousBytes = kibibytes * 1_024 }
        }
        peaks.descriptors =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
        peaks.logBytes = size(spool + "-wal")
        peaks.fileBytes = size(spool)
        return peaks
    }

    private func look() -> Bool {
        let pid = state.withLock { $0.pid }
        let now = Vitals.now(pid: pid, spool: spool)
        return state.withLock { state in
            state.peaks.take(now)
            return state.isOver
        }
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
