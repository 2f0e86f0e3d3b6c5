internal import PuyPuyCore

/// What the requests of a backend say about each series, written once and remembered.
///
/// A series number must mean the same series for the life of this object.
struct SeriesTexts {
    /// So much is kept before starting afresh.
    private static let rememberedBytes = 16 * 1024 * 1024

    /// A series as it is remembered.
    struct Entry {
        /// Where its text is; empty when the series is refused.
        let text: Range<Int>
        /// Why the protocol cannot express it.
        let refusal: String?
    }

    /// The texts, one behind the other.
    private(set) var bytes: [UInt8] = []
    /// What is remembered, in the order of the places.
    private(set) var entries: [Entry] = []
    private var places = SeriesIndex()
    private let write: @Sendable (Series, inout [UInt8]) -> String?

    /// Texts as `write` makes them: it adds the text of a series, or returns why there is none.
    init(_ write: @escaping @Sendable (Series, inout [UInt8]) -> String?) { self.write = write }

    /// Forgets all when it has become too much. Places are good until then; true when they are not
    /// any more.
    mutating func tidy() -> Bool {
        guard bytes.count > SeriesTexts.rememberedBytes else { return false }
        bytes.removeAll()
        entries.removeAll()
        places.removeAll()
        return true
    }

    /// The place of the series `id` in ``entries``.
    mutating func place(of id: SeriesID, in catalog: any SeriesCatalog) -> Int {
        if let place = places.place(of: id) { return place }
        return remember(id, catalog.series(id))
    }

    private mutating func remember(_ id: SeriesID, _ series: Series) -> Int {
        let start = bytes.count
        let refusal = write(series, &bytes)
        if refusal != nil { bytes.removeLast(bytes.count - start) }
        entries.append(Entry(text: start..<bytes.count, refusal: refusal))
        places.insert(id, place: entries.count - 1)
        return entries.count - 1
    }
}
