internal import Glibc

/// The pages of the program's own file that are in its memory.
///
/// The kernel maps 64 KiB around whatever is used, so that soon most of the program is resident, with all
/// that only the start needed. Letting go of it costs a page fault, some microseconds, for each piece
/// that is used again: its bytes stay in the page cache.
enum ProgramPages {
    /// Lets go of the code, which nobody can have changed. madvise(2), MADV_DONTNEED.
    static func release() {
        for range in ranges(in: readMaps()) {
            _ = madvise(
                UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
        }
    }

    /// Where the first file of `maps` is mapped to be run and not written: proc(5), `/proc/PID/maps`. The
    /// program's own comes first.
    static func ranges(in maps: String) -> [Range<UInt>] {
        var program: Substring?
        var ranges: [Range<UInt>] = []
        for line in maps.split(separator: "\n") {
            guard let slash = line.firstIndex(of: "/") else { continue }
            let file = program ?? line[slash...]
            program = file
            let fields = line[..<slash].split(separator: " ")
            let ends = fields.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
            guard line[slash...] == file, fields.count == 5, fields[1] == "r-xp", ends.count == 2,
                ends[0] < ends[1]
            else { continue }
            ranges.append(ends[0]..<ends[1])
        }
        return ranges
    }

    private static func readMaps() -> String {
        let descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
