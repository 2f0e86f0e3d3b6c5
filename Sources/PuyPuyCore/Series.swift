internal import Glibc

/// A metric with its tags: what a time-series database draws as one line.
///
/// Names are bytes: `é` as one character and as two are different series, as to databases. Copies share
/// their names, and the hash is computed once: to look a copy up, or to compare it, costs no look at the
/// names.
public struct Series: Sendable, Hashable {
    /// What all copies of a series share.
    private final class Names: Sendable {
        let metric: String
        let tags: Tags
        let hash: UInt64

        init(_ metric: String, _ tags: Tags) {
            self.metric = metric
            self.tags = tags
            var bytes = ByteHash()
            bytes.combine(metric)
            for tag in tags.pairs {
                bytes.combine(tag.key)
                bytes.combine(tag.value)
            }
            hash = bytes.hash
        }
    }

    private let names: Names

    /// A series of `metric` with `tags`.
    public init(metric: String, tags: Tags = .none) { names = Names(metric, tags) }

    /// The metric's name, such as `cpu_load`.
    public var metric: String { names.metric }

    /// The tags in canonical order.
    public var tags: Tags { names.tags }

    /// Whether the bytes of metric and tags are equal.
    @inline(__always)
    public static func == (left: Series, right: Series) -> Bool {
        left.names === right.names || left.hasSameNames(as: right)
    }

    private func hasSameNames(as other: Series) -> Bool {
        names.hash == other.names.hash && metric.hasSameBytes(as: other.metric)
            && tags == other.tags
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(names.hash) }
}

/// A hash of the bytes of strings, one after the other. Quick, and the same in every process: a
/// dictionary hashes it once more, with its own secret.
private struct ByteHash {
    private(set) var hash: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func combine(_ text: String) {
        var text = text
        // So that "ab", "c" and "a", "bc" differ.
        mix(UInt64(text.utf8.count))
        text.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            var offset = 0
            while offset + 8 <= raw.count {
                mix(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            var rest: UInt64 = 0
            while offset < raw.count {
                rest = rest << 8 | UInt64(raw[offset])
                offset += 1
            }
            mix(rest)
        }
    }

    /// The halves of a product, as in wyhash by Wang Yi.
    private mutating func mix(_ word: UInt64) {
        let (high, low) = (hash ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        hash = high ^ low ^ 0xE703_7ED1_A0B4_28DB
    }
}

extension String {
    /// Whether the UTF-8 bytes are equal. Equal bytes are equal strings, so hashes agree.
    func hasSameBytes(as other: String) -> Bool {
        let areEqual = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                left.count == right.count
                    && (left.count == 0
                        || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0)
            }
        }
        // A string of another runtime has no bytes to point at.
        return (areEqual ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}

extension Series: CustomStringConvertible {
    /// `cpu_load{core=all,host=web1}`: for people, and as a stable key.
    public var description: String { "\(metric){\(tags)}" }
}

/// The number under which a spool knows a series. Positive; never used for another series.
public typealias SeriesID = Int64

/// Looks up the series behind the numbers of a ``PointBlock``.
public protocol SeriesCatalog {
    /// The series with `id`. A block's numbers are always known to the catalogue it came with.
    func series(_ id: SeriesID) -> Series
}

extension [SeriesID: Series]: SeriesCatalog {
    /// The series with `id`; it is a programming error when the dictionary lacks it.
    public func series(_ id: SeriesID) -> Series { self[id]! }
}
