internal import PuyPuyCore

/// Series that a reader has met, by number.
struct KnownSeries {
    private var index = SeriesIndex()
    private var list: [Series] = []

    /// How many there are.
    var count: Int { list.count }

    /// The series with `id`, when it is known.
    subscript(id: SeriesID) -> Series? { index.place(of: id).map { list[$0] } }

    /// Whether the series with `id` is known.
    @inline(__always)
    func contains(_ id: SeriesID) -> Bool { index.place(of: id) != nil }

    /// Adds `series`, which is not known yet, under `id`.
    mutating func insert(_ id: SeriesID, _ series: Series) {
        index.insert(id, place: list.count)
        list.append(series)
    }

    /// Forgets all.
    mutating func removeAll() {
        index.removeAll()
        list.removeAll()
    }
}
