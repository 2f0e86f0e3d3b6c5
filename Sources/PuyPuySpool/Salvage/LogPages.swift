internal import Glibc

/// The committed pages of a write-ahead log, also behind a damaged frame, where SQLite stops reading.
///
/// A frame's checksum continues that of the frame before it, as that frame's header has it. So each
/// frame is checked on its own. One whose predecessor's header is damaged cannot be checked, and is
/// taken when its own header has the salts of the log.
///
/// A commit whose sync failed is undone, and the next one is written over it, from the same place. Where
/// that is shorter, it is followed by the rest of the one before, perhaps by the rests of several. That
/// is no damage, and shows by this: in such a rest a commit is the last frame, and the next rest does not
/// continue its checksum.
final class LogPages {
    private static let headerBytes = 32
    private static let frameHeaderBytes = 24

    let pageBytes: Int
    /// Pages of the database after the last commit.
    let pageCount: Int
    /// The most commits behind damage that follow one another; SQLite finds none of them.
    private(set) var commitsBehindDamage = 0
    /// Pages of which the last version in a committed transaction is damaged, with where it begins; those
    /// whose number is damaged as well have the number 0. What has a checksum of its own may still be
    /// whole there.
    private(set) var torn: [(page: Int, offset: Int)] = []
    private let descriptor: CInt
    private var offsets: [Int: Int] = [:]

    /// Reads the log at `path`; `nil` when there is none, or no commit in it.
    init?(path: String, expectedPageBytes: Int?) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var header = [UInt8](repeating: 0, count: Self.headerBytes)
        PageFile.read(descriptor, &header, at: 0)
        let told = header[3] & 1 == 0
        let isWhole =
            header.bigEndian32(0) & ~1 == 0x377F_0682
            && LogPages.sum(header[..<24], after: (0, 0), told)
                == (header.bigEndian32(24), header.bigEndian32(28))
        // Without a header: the order of bytes of this host.
        let isLittle = isWhole ? told : UInt32(1).littleEndian == 1
        pageBytes = expectedPageBytes ?? (isWhole ? header.bigEndian32(8) : 4096)
        let frameBytes = Self.frameHeaderBytes + pageBytes
        let size = lseek(descriptor, 0, SEEK_END)
        let count = max(0, Int(size) - Self.headerBytes) / frameBytes
        var frame = [UInt8](repeating: 0, count: frameBytes)
        let salts =
            isWhole
            ? header[16..<24]
            : LogPages.commonSalts(descriptor, frames: min(count, 8), of: frameBytes)
        // What the frame before has of it; nil when that frame's header is damaged.
        var before = isWhole ? (header.bigEndian32(24), header.bigEndian32(28)) : nil
        var isDamaged = !isWhole
        var commitsInARow = 0
        var waiting: [(page: Int, offset: Int, isWhole: Bool)] = []
        var tornOffsets: [Int: Int] = [:]
        var committed = 0
        for index in 0..<count {
            let offset = Self.headerBytes + index * frameBytes
            PageFile.read(descriptor, &frame, at: offset)
            // Frames of an older log, behind the end of this one, have other salts.
            guard frame[8..<16] == salts else {
                isDamaged = true
                commitsInARow = 0
                before = nil
                waiting.append((0, offset + Self.frameHeaderBytes, false))
                continue
            }
            let own = (frame.bigEndian32(16), frame.bigEndian32(20))
            defer { before = own }
            if let before {
                let head = LogPages.sum(frame[..<8], after: before, isLittle)
                guard LogPages.sum(frame[Self.frameHeaderBytes...], after: head, isLittle) == own
                else {
                    isDamaged = true
                    commitsInARow = 0
                    waiting.append((frame.bigEndian32(0), offset + Self.frameHeaderBytes, false))
                    continue
                }
            }
            waiting.append((frame.bigEndian32(0), offset + Self.frameHeaderBytes, true))
            let pagesThen = frame.bigEndian32(4)
            guard pagesThen > 0 else { continue }
            for (page, offset, isWhole) in waiting {
                if isWhole { offsets[page] = offset }
                if page == 0 {
                    torn.append((page, offset))
                } else {
                    tornOffsets[page] = isWhole ? nil : offset
                }
            }
            waiting = []
            committed = pagesThen
            commitsInARow += 1
            if isDamaged { commitsBehindDamage = max(commitsBehindDamage, commitsInARow) }
        }
        pageCount = committed
        torn += tornOffsets.sorted { $0.key < $1.key }.map { (page: $0.key, offset: $0.value) }
        if committed == 0 { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Where the last committed version of page `number` begins, if the log has one.
    func offset(ofPage number: Int) -> Int? { offsets[number] }

    func read(_ bytes: inout [UInt8], at offset: Int) {
        PageFile.read(descriptor, &bytes, at: offset)
    }

    /// The salts that most of the first frames have, for a log whose header is damaged.
    private static func commonSalts(
        _ descriptor: CInt, frames: Int, of frameBytes: Int
    ) -> ArraySlice<UInt8> {
        var counts: [ArraySlice<UInt8>: Int] = [:]
        for index in 0..<frames {
            var header = [UInt8](repeating: 0, count: frameHeaderBytes)
            PageFile.read(descriptor, &header, at: headerBytes + index * frameBytes)
            counts[header[8..<16], default: 0] += 1
        }
        return counts.max { $0.value < $1.value }?.key ?? []
    }

    /// The checksum of `bytes`, which continues `seed`:
    /// https://www.sqlite.org/fileformat2.html#checksum_algorithm.
    private static func sum(
        _ bytes: ArraySlice<UInt8>, after seed: (Int, Int), _ isLittle: Bool
    ) -> (Int, Int) {
        bytes.withUnsafeBytes { bytes in
            func word(_ offset: Int) -> UInt32 {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                return isLittle ? UInt32(littleEndian: word) : UInt32(bigEndian: word)
            }
            var first = UInt32(truncatingIfNeeded: seed.0)
            var second = UInt32(truncatingIfNeeded: seed.1)
            for offset in stride(from: 0, to: bytes.count, by: 8) {
                first = first &+ word(offset) &+ second
                second = second &+ word(offset + 4) &+ first
            }
            return (Int(first), Int(second))
        }
    }
}
