internal import PuyPuyCore

/// Series that a reader has met, by number, as long as they come again.
///
/// Where series come and go, a sender that runs for months meets any number of them. So they are kept in
/// two generations: one that is met again in the old generation comes over to the young one, and at
/// the next change of generations those that did not are forgotten. What comes again within a
/// million points is never forgotten, up to ``most``.
struct KnownSeries {
    /// So many are kept whether they are in use or not.
    static let fewest = 20_000
    /// A generation has so many at most, beside those of one unit.
    static let most = 100_000
    /// A generation of more than ``fewest`` sees so many points.
    static let pointsOfGeneration = 1_000_000

    private struct Generation {
        var index = SeriesIndex()
        var list: [Series] = []

        func series(_ id: SeriesID) -> Series? { index.place(of: id).map { list[$0] } }

        mutating func insert(_ id: SeriesID, _ series: Series) {
            index.insert(id, place: list.count)
            list.append(series)
        }
    }

    private var young = Generation()
    private var old = Generation()
    private var points = 0

    /// How many there are; one that is in both generations counts twice.
    var count: Int { young.list.count + old.list.count }

    /// The series with `id`, when it is known.
    subscript(id: SeriesID) -> Series? { young.series(id) ?? old.series(id) }

    /// Whether the series with `id` is known; from now on it counts as met again.
    @inline(__always)
    mutating func meets(_ id: SeriesID) -> Bool {
        young.index.place(of: id) != nil || comesOver(id)
    }

    private mutating func comesOver(_ id: SeriesID) -> Bool {
        guard let series = old.series(id) else { return false }
        young.insert(id, series)
        return true
    }

    /// Adds `series`, which is not known yet, under `id`.
    mutating func insert(_ id: SeriesID, _ series: Series) { young.insert(id, series) }

    /// To be called before the series of so many points are met: may forget some.
    mutating func prepare(forPoints count: Int) {
        points += count
        let kept = young.list.count
        guard kept > Self.most || kept > Self.fewest && points > Self.pointsOfGeneration else {
            return
        }
        (old, young) = (young, Generation())
        points = 0
    }
}
