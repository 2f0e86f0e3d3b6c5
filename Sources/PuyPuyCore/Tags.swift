/// The key-value pairs of a series, in canonical order: sorted by the UTF-8 bytes of the key, each
/// key once.
public struct Tags: Sendable, Hashable {
    /// One pair.
    public struct Tag: Sendable, Hashable {
        /// Never empty.
        public let key: String
        /// Never empty.
        public let value: String

        /// Whether the bytes are equal; see ``Series``.
        public static func == (left: Tag, right: Tag) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value.hasSameBytes(as: right.value)
        }
    }

    /// The pairs in canonical order.
    public let pairs: [Tag]

    /// No tags.
    public static let none = Tags()

    private init() { pairs = [] }

    /// Canonical tags from pairs in any order.
    ///
    /// Of two pairs with the same key the later one wins, so base tags go first and a point's own
    /// tags after them. A pair whose key or value is empty is left out: no backend can store one.
    public init(_ unordered: some Sequence<(key: String, value: String)>) {
        var sorted: [Tag] = []
        for (key, value) in unordered where !key.isEmpty && !value.isEmpty {
            sorted.append(Tag(key: key, value: value))
        }
        // The sort of the standard library is stable, so of equal keys the last stays last.
        sorted.sort { Tags.precedes($0.key, $1.key) }
        var unique: [Tag] = []
        unique.reserveCapacity(sorted.count)
        for tag in sorted {
            if let last = unique.last, last.key.hasSameBytes(as: tag.key) { unique.removeLast() }
            unique.append(tag)
        }
        pairs = unique
    }

    /// The value under `key`.
    public subscript(key: String) -> String? {
        pairs.first { $0.key == key }?.value
    }

    /// These tags with `others` added; on equal keys `others` win.
    public func merging(_ others: Tags) -> Tags {
        if others.pairs.isEmpty { return self }
        if pairs.isEmpty { return others }
        return Tags((pairs + others.pairs).lazy.map { (key: $0.key, value: $0.value) })
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

extension Tags: ExpressibleByDictionaryLiteral {
    /// Tags from a literal; see ``init(_:)``.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.lazy.map { (key: $0.0, value: $0.1) })
    }
}

/// The canonical text, `core=all,host=web1`: what the spool stores and people read.
///
/// In keys and values a backslash goes before `\`, `,` and `=`, so the text reads back as the same
/// tags.
extension Tags: LosslessStringConvertible {
    /// The canonical text; empty without tags.
    public var description: String {
        var bytes: [UInt8] = []
        for tag in pairs {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
            Tags.appendEscaped(tag.key, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            Tags.appendEscaped(tag.value, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the canonical text back; `nil` when it is not of that form.
    public init?(_ canonical: String) {
        var found: [(key: String, value: String)] = []
        var key: String?
        var word: [UInt8] = []
        var escaped = false
        func takeWord() -> String {
            defer { word.removeAll(keepingCapacity: true) }
            return String(decoding: word, as: UTF8.self)
        }
        // All signs that mean something are bytes of their own in UTF-8.
        for byte in canonical.utf8 {
            if escaped {
                word.append(byte)
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else if byte == UInt8(ascii: "=") && key == nil {
                key = takeWord()
            } else if byte == UInt8(ascii: ",") {
                guard let finished = key else { return nil }
                found.append((finished, takeWord()))
                key = nil
            } else {
                word.append(byte)
            }
        }
        if escaped { return nil }
        if let key {
            found.append((key, takeWord()))
        } else if !canonical.isEmpty {
            return nil
        }
        self.init(found)
    }

    private static func appendEscaped(_ word: String, to bytes: inout [UInt8]) {
        for byte in word.utf8 {
            if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "=")
            {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
    }
}
