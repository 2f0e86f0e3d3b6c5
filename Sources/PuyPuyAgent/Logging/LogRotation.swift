internal import Glibc
internal import PuyPuyCore

/// How the log file is rotated: `log_rotate_seconds`, `log_rotate_backups`.
///
/// A file that is older than the period is named after the time of its first line,
/// `puypuy.log.2026-11-23_20-15-03` (UTC), and a new one begun.
public struct LogRotation: Sendable, Hashable {
    /// How much time one file covers; at least a second.
    public var period: Duration
    /// How many older files stay; 0 for all.
    public var backups: Int

    /// A rotation after each `period`.
    public init(period: Duration, backups: Int) {
        self.period = period
        self.backups = backups
    }

    /// When the file at `path` has to go, nanoseconds since the epoch; one that is empty or missing
    /// begins at `nowNs`.
    func dueNs(of path: String, nowNs: Int64) -> Int64 {
        min(LogRotation.beginNs(of: path) ?? nowNs, nowNs) + period.nanoseconds
    }

    /// Moves the file at `path` away, and removes those that are too many.
    func rotate(_ path: String, nowNs: Int64) throws(LogFile.Failure) {
        let begin = LogRotation.beginNs(of: path) ?? nowNs
        var target = "\(path).\(LogRotation.stamp(begin))"
        // Two files of one second: a clock was set back, or somebody copied one.
        if access(target, F_OK) == 0 { target = "\(path).\(LogRotation.stamp(nowNs))" }
        if rename(path, target) != 0 { throw LogFile.Failure(code: errno) }
        if backups > 0 { removeOldest(path) }
    }

    private func removeOldest(_ path: String) {
        let folder = SettingsFolder.parent(of: path)
        let start = path.dropFirst(folder == "/" ? 1 : folder.utf8.count + 1) + "."
        let names = ((try? SettingsFolder.names(in: folder)) ?? []).filter { name in
            name.hasPrefix(start) && LogRotation.isStamp(name.dropFirst(start.count))
        }
        for name in names.dropLast(backups) { unlink("\(folder)/\(name)") }
    }

    /// The time of the first line of the file at `path`; for another format the time of its last
    /// change. `nil` when it is empty or missing.
    private static func beginNs(of path: String) -> Int64? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // 2026-11-23T20:15:03.123Z
        var bytes = [UInt8](repeating: 0, count: 24)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        if count <= 0 { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let isTime =
            count == bytes.count && bytes[10] == UInt8(ascii: "T") && bytes[23] == UInt8(ascii: "Z")
        // Without its Z it comes before all texts with more digits.
        if isTime, let ns = TimeText.firstNs(notBefore: String(text.dropLast())) { return ns }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000
    }

    /// `2026-11-23_20-15-03`.
    private static func stamp(_ ns: Int64) -> String {
        String(
            LogLine.timestamp(wallNs: ns).prefix(19).map { $0 == "T" ? "_" : $0 == ":" ? "-" : $0 })
    }

    private static func isStamp(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 19
            && bytes.indices.allSatisfy { index in
                switch index {
                case 4, 7, 13, 16: bytes[index] == UInt8(ascii: "-")
                case 10: bytes[index] == UInt8(ascii: "_")
                default: (0x30...0x39).contains(bytes[index])
                }
            }
    }
}
