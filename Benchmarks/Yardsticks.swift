import Glibc

/// What the machine does at best: how fast memory is copied, how fast a disk confirms a write.
enum Yardsticks {
    /// memcpy(3) of 64 MiB.
    static func copying() -> Figure {
        let size = 64 << 20
        let from = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        let to = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        defer {
            from.deallocate()
            to.deallocate()
        }
        memset(from, 1, size)
        memset(to, 2, size)
        let elapsed = medianSeconds { memcpy(to, from, size) }
        return Figure(
            name: "yardstick: memory copied", value: Double(size) / elapsed / 1e9, unit: "GB/s")
    }

    /// fdatasync(2) after 4 KiB appended to a file.
    static func syncing(in folder: ScratchFolder) throws -> Figure {
        let descriptor = open("\(folder.path)/yardstick", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ScratchFolder.Failure(folder.path, errno) }
        defer { close(descriptor) }
        let page = [UInt8](repeating: 7, count: 4096)
        let rounds = 100
        let elapsed = medianSeconds {
            for _ in 0..<rounds {
                _ = write(descriptor, page, page.count)
                fdatasync(descriptor)
            }
        }
        return Figure(
            name: "yardstick: 4 KiB written and synced", value: elapsed / Double(rounds) * 1000,
            unit: "ms")
    }
}
