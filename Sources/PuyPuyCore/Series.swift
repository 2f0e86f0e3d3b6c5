/// A metric with its tags: what a time-series database draws as one line.
public struct Series: Sendable, Hashable {
    /// The metric's name, such as `cpu_load`.
    public let metric: String
    /// The tags in canonical order.
    public let tags: Tags

    /// A series of `metric` with `tags`.
    public init(metric: String, tags: Tags = .none) {
        self.metric = metric
        self.tags = tags
    }

    /// Names are bytes: `é` as one character and as two are different series, as to databases.
    public static func == (left: Series, right: Series) -> Bool {
        left.metric.hasSameBytes(as: right.metric) && left.tags == right.tags
    }
}

extension String {
    /// Whether the UTF-8 bytes are equal. Equal bytes are equal strings, so hashes agree.
    func hasSameBytes(as other: String) -> Bool {
        self == other && utf8.elementsEqual(other.utf8)
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
