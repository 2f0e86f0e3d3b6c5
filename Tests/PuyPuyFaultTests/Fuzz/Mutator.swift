import TestSupport

/// Makes hostile inputs out of valid ones: the same from the same seed.
struct Mutator {
    /// Only the inputs that are meant to be long are longer than this.
    static let usualBytes = 4_096
    /// No input is longer than this.
    static let maxBytes = 256 << 10

    private let corpus: [[UInt8]]
    private let words: [[UInt8]]
    private var random: SeededGenerator

    /// Inputs from `corpus`, with `words` of their language put in.
    init(corpus: [[UInt8]], words: [[UInt8]] = [], seed: UInt64) {
        self.corpus = corpus.isEmpty ? [[]] : corpus
        self.words = words
        random = SeededGenerator(seed: seed)
    }

    /// A number below `limit`, which is at least 1.
    mutating func number(below limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    /// The next input. One of twenty is valid, one of fifty without any form.
    mutating func next() -> [UInt8] {
        var bytes = corpus[number(below: corpus.count)]
        switch number(below: 100) {
        case 0..<5: return bytes
        case 5..<7: return noise(number(below: 200))
        default: break
        }
        var mutations = 1
        while mutations < 8, number(below: 3) > 0 { mutations += 1 }
        for _ in 0..<mutations { mutate(&bytes) }
        if bytes.count > Mutator.usualBytes, number(below: 200) > 0 {
            bytes.removeLast(bytes.count - Mutator.usualBytes)
        }
        return bytes
    }

    private mutating func noise(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let start = number(below: bytes.count + 1)
        let end = min(bytes.count, start + 1 + number(below: 1 << number(below: 9)))
        switch number(below: 14) {
        case 0:
            if !bytes.isEmpty { bytes[start % bytes.count] ^= 1 << UInt8(number(below: 8)) }
        case 1:
            if !bytes.isEmpty {
                bytes[start % bytes.count] = UInt8(truncatingIfNeeded: random.next())
            }
        case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: start)
        case 3: bytes.removeSubrange(start..<end)
        case 4: bytes.insert(contentsOf: bytes[start..<end], at: number(below: bytes.count + 1))
        case 5:
            // The beginning of one and the end of another.
            let other = corpus[number(below: corpus.count)]
            bytes.replaceSubrange(start..., with: other[number(below: other.count + 1)...])
        case 6: bytes.removeSubrange(start...)
        case 7, 8:
            if let word = words.isEmpty ? nil : words[number(below: words.count)] {
                insert(word, into: &bytes, at: start)
            }
        case 9: replaceNumber(&bytes, from: start)
        case 10: insert(Mutator.odd[number(below: Mutator.odd.count)], into: &bytes, at: start)
        case 11:
            // A run: short as a rule, sometimes as long as an input may be.
            let count = number(below: 300) == 0 ? 65_536 : number(below: 64)
            let piece = start < end && number(below: 2) == 0 ? Array(bytes[start..<end]) : [0x41]
            let room = Mutator.maxBytes - bytes.count
            let times = min(count, max(0, room) / piece.count)
            bytes.insert(contentsOf: (0..<times).flatMap { _ in piece }, at: start)
        case 12:
            // Depth.
            let opening = Mutator.openings[number(below: Mutator.openings.count)]
            let depth = 1 + number(below: number(below: 20) == 0 ? 5_000 : 100)
            bytes.insert(contentsOf: (0..<depth).flatMap { _ in opening }, at: start)
        default: bytes.replaceSubrange(start..<end, with: noise(number(below: 8)))
        }
    }

    private mutating func insert(_ word: [UInt8], into bytes: inout [UInt8], at start: Int) {
        let end = number(below: 2) == 0 ? start : min(bytes.count, start + word.count)
        bytes.replaceSubrange(start..<end, with: word)
    }

    /// Another number for the one that stands at `start` or behind it.
    private mutating func replaceNumber(_ bytes: inout [UInt8], from start: Int) {
        let isDigit = { (byte: UInt8) in 0x30...0x39 ~= byte }
        let other = Mutator.numbers[number(below: Mutator.numbers.count)]
        guard let first = bytes[start...].firstIndex(where: isDigit) else {
            bytes.insert(contentsOf: other, at: start)
            return
        }
        let last = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(first..<last, with: other)
    }

    private static let openings: [[UInt8]] = [
        "[", "{\"a\":", "{", "(", "\"", "'", "\\", "${", "%25", "metric[0]",
    ].map { Array($0.utf8) }

    private static let numbers: [[UInt8]] =
        [
            "0", "-0", "1", "-1", "+1", "127", "128", "255", "256", "65535", "65536", "2147483647",
            "2147483648", "-2147483648", "4294967295", "4294967296", "9007199254740993",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808",
            "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e308",
            "1e309",
            "-1e999", "1e-999", "4.9e-324", "nan", "-nan", "inf", "-inf", "infinity", "0x1p3",
            "0x10",
            "1_000", "1.", ".5", "1,5", "00001", "1e", "1e+", "\u{0663}", "\u{FF11}",
        ].map { Array($0.utf8) } + [[UInt8](repeating: 0x39, count: 400)]

    /// What texts are not expected to hold, and the edges of numbers of variable length.
    private static let odd: [[UInt8]] = [
        [0], [0, 0, 0, 0], [0x7F], [0x1B, 0x5B, 0x32, 0x4A], [0x0D], [0x0A], [0x0D, 0x0A], [0x09],
        // Not UTF-8: a lone byte, an overlong form, a half of a pair, too large, cut.
        [0xFF], [0xFE], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xE2, 0x82], [0xF0, 0x9F],
        // A combining mark, a joiner, a mark of byte order, right to left, a line separator.
        [0xCC, 0x81], [0xE2, 0x80, 0x8D], [0xEF, 0xBB, 0xBF], [0xE2, 0x80, 0xAE],
        [0xE2, 0x80, 0xA8],
        [0xC2, 0x85], [0xC2, 0xA0],
        [0xF0, 0x9F, 0x91, 0xA8, 0xE2, 0x80, 0x8D, 0xF0, 0x9F, 0x91, 0xA9],
        // Varints.
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x80, 0x80, 0x80, 0x00],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], [0x80, 0x80, 0x40],
        [0x81, 0x80, 0x40], [0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF],
        [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    ]
}
