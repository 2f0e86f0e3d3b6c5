import Glibc
import TestSupport

/// The input that is being tried, in a file that outlives the process: a trap of Swift ends the process
/// at once, and the file then says what it was about. It goes when all inputs of a target were tried.
///
/// The file begins with a line of the target, the seed and the number of the case; the input follows
/// behind the line feed, as many bytes as the line says, cut to ``roomBytes``.
final class LastCase {
    /// So much of an input is kept.
    static let roomBytes = 256 << 10
    private static let headBytes = 192

    /// Where the file is.
    let path: String
    private let map: UnsafeMutableRawPointer
    private let numberAt: Int
    private let countAt: Int

    init(target: String, seed: UInt64) throws(TestSupportError) {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let name = String(target.map { $0.isLetter || $0.isNumber ? $0 : "-" })
        path = "\(folder)/puypuy-fuzz-\(getpid())-\(name)"
        let line = "target: \(target) seed: \(seed) case: "
        precondition(line.utf8.count < LastCase.headBytes - 60)
        var head = Array(line.utf8)
        numberAt = head.count
        head += Array("                     bytes: ".utf8)
        countAt = head.count
        head += [UInt8](repeating: 0x20, count: LastCase.headBytes - 1 - head.count) + [0x0A]
        let size = LastCase.headBytes + LastCase.roomBytes
        try writeBytes(head + [UInt8](repeating: 0, count: LastCase.roomBytes), to: path)
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        guard let map = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            map != MAP_FAILED
        else { throw TestSupportError("cannot map \(path)") }
        self.map = map
    }

    deinit {
        munmap(map, LastCase.headBytes + LastCase.roomBytes)
        unlink(path)
    }

    /// The case that is tried from now on.
    func note(_ number: Int, _ input: [UInt8]) {
        write(number, at: numberAt)
        write(input.count, at: countAt)
        input.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            let count = min(bytes.count, LastCase.roomBytes)
            map.advanced(by: LastCase.headBytes).copyMemory(from: start, byteCount: count)
        }
    }

    /// Twenty places, digits on the right.
    private func write(_ number: Int, at offset: Int) {
        var rest = number
        for place in (0..<20).reversed() {
            let digit = UInt8(0x30 + rest % 10)
            map.storeBytes(
                of: rest > 0 || place == 19 ? digit : 0x20, toByteOffset: offset + place,
                as: UInt8.self)
            rest /= 10
        }
    }
}
