internal import PuyPuyCore

/// The beginnings of pickled points, made once per series and kept: `X`, the length and the path.
///
/// It also sees to it that no two series share a path: the one that came first has it, and the
/// points of the other are refused. A series number must mean the same series for the life of the table.
struct CarbonSeriesTable {
    /// So much is kept before starting afresh: some 50,000 series. Who came first is then decided
    /// anew.
    private static let rememberedBytes = 4 * 1024 * 1024

    private let tagged: Bool
    private(set) var arena: [UInt8] = []
    private var prefixes: [SeriesID: Range<Int>] = [:]
    private var owners: [[UInt8]: Series] = [:]
    private var refusals: [SeriesID: String] = [:]

    /// A table of plain paths, or of `tagged` ones.
    init(tagged: Bool) { self.tagged = tagged }

    /// Where the series' beginning is in ``arena``; an empty range when the series is refused.
    mutating func prefix(_ id: SeriesID, catalog: any SeriesCatalog) -> Range<Int> {
        prefixes[id] ?? remember(id, catalog.series(id))
    }

    /// Why the series is refused.
    func refusal(_ id: SeriesID) -> String { refusals[id] ?? "" }

    /// Lets go of what is remembered, when that is much. Ranges from before are then void.
    mutating func trim() {
        guard arena.count > CarbonSeriesTable.rememberedBytes else { return }
        self = CarbonSeriesTable(tagged: tagged)
    }

    private mutating func remember(_ id: SeriesID, _ series: Series) -> Range<Int> {
        let start = arena.count
        do throws(CarbonPath.Refusal) {
            let path = try CarbonPath.bytes(of: series, tagged: tagged)
            if let owner = owners[path], owner != series {
                throw CarbonPath.Refusal(
                    reason: "\(series) has the same path as \(owner): "
                        + String(decoding: path, as: UTF8.self))
            }
            owners[path] = series
            arena.append(UInt8(ascii: "X"))  // BINUNICODE
            for shift in [0, 8, 16, 24] {
                arena.append(UInt8(truncatingIfNeeded: path.count >> shift))
            }
            arena += path
        } catch {
            refusals[id] = error.reason
        }
        prefixes[id] = start..<arena.count
        return start..<arena.count
    }
}
