internal import Glibc
internal import SystemPackage

/// How full a file system is: what statvfs(3) says, in bytes.
struct FileSystemUsage: Sendable, Equatable {
    /// The whole size.
    let totalBytes: Int64
    /// What is taken, reserved blocks not counted.
    let usedBytes: Int64
    /// What users without privileges can still take.
    let availableBytes: Int64

    /// Used bytes of all bytes in percent, rounded to two decimals.
    var usedPercent: Double {
        (Double(usedBytes) * 100 / Double(totalBytes)).roundedToHundredths
    }

    /// Asks the file system at `path` of this process. Blocks for as long as it does not answer.
    static func read(_ path: String) throws(ChecksError) -> FileSystemUsage {
        var answer = statvfs()
        while statvfs(path, &answer) != 0 {
            if errno == EINTR { continue }
            throw ChecksError(
                operation: "measure", subject: path, cause: Errno(rawValue: errno).description)
        }
        return FileSystemUsage(
            blocks: UInt64(answer.f_blocks), free: UInt64(answer.f_bfree),
            available: UInt64(answer.f_bavail), blockBytes: UInt64(answer.f_frsize))
    }

    /// The figures from blocks of `blockBytes`.
    ///
    /// Network file systems are known to answer with more free blocks than blocks; then nothing is
    /// used.
    init(blocks: UInt64, free: UInt64, available: UInt64, blockBytes: UInt64) {
        func bytes(_ blocks: UInt64) -> Int64 {
            let (bytes, overflow) = blocks.multipliedReportingOverflow(by: blockBytes)
            return overflow ? .max : Int64(clamping: bytes)
        }
        totalBytes = bytes(blocks)
        usedBytes = bytes(blocks >= free ? blocks - free : 0)
        availableBytes = bytes(available)
    }
}
