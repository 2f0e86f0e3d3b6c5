/// What the daemon and the Python host tell each other: records of words, in a frame.
///
/// A frame is its length in four bytes, least significant first, and then text in UTF-8. A line is
/// a record; tabs keep its words apart. In words a backslash goes before backslash, tab (t) and line
/// feed (n). The host's side is `Host/frames.py`.
struct PythonFrame: Equatable {
    /// The bytes that hold a frame's length.
    static let headerBytes = 4

    /// The records, each of at least one word.
    var records: [[String]]

    /// A frame of `records`.
    init(_ records: [[String]]) { self.records = records }

    /// Reads what stands behind the length. Bytes that are no text become replacement characters.
    init(content: ArraySlice<UInt8>) {
        records = content.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).map { line in
            line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
                .map(PythonFrame.plain)
        }
    }

    /// The whole frame, its length included.
    var bytes: [UInt8] {
        var content: [UInt8] = []
        for (number, record) in records.enumerated() {
            if number > 0 { content.append(UInt8(ascii: "\n")) }
            for (position, word) in record.enumerated() {
                if position > 0 { content.append(UInt8(ascii: "\t")) }
                PythonFrame.append(word, to: &content)
            }
        }
        let length = UInt32(content.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + content
    }

    /// Takes the first whole frame out of `bytes`, when there is one.
    ///
    /// What is left does not move, so that many small frames are taken as fast as a few large ones.
    static func take(from bytes: inout ArraySlice<UInt8>) -> PythonFrame? {
        guard bytes.count >= headerBytes else { return nil }
        let length = bytes.prefix(headerBytes).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= headerBytes + length else { return nil }
        bytes.removeFirst(headerBytes)
        let frame = PythonFrame(content: bytes.prefix(length))
        bytes.removeFirst(length)
        return frame
    }

    private static func append(_ word: String, to content: inout [UInt8]) {
        for byte in word.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): content += [byte, byte]
            case UInt8(ascii: "\t"): content += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case UInt8(ascii: "\n"): content += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            default: content.append(byte)
            }
        }
    }

    private static func plain(_ word: ArraySlice<UInt8>) -> String {
        guard word.contains(UInt8(ascii: "\\")) else {
            return String(decoding: word, as: UTF8.self)
        }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in word {
            if isEscaped {
                switch byte {
                case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
                case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
                default: bytes.append(byte)
                }
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
